mod answers;
mod formats;
mod hostile;
mod limits;
mod refusing;
mod sample;
mod taken;
