mod answers;
mod derived;
mod formats;
mod hostile;
mod limits;
mod refusing;
mod sample;
mod taken;
