use clap::Args;

use segops_engine::Schedule;

/// When something is computed anew.
#[derive(Debug, Clone, Args)]
pub(crate) struct Times {
    /// Every day at this hour of the workspace's time zone, 0 to 23.
    #[arg(long, value_name = "HOUR", group = "when", value_parser = clap::value_parser!(u8).range(0..=23))]
    daily_at: Option<u8>,
    /// At every full hour.
    #[arg(long, group = "when")]
    hourly: bool,
    /// Every so many minutes, 5 to 1440.
    #[arg(long, value_name = "MINUTES", group = "when", value_parser = clap::value_parser!(u32).range(5..=1440))]
    every: Option<u32>,
    /// Only when someone asks for it.
    #[arg(long, group = "when")]
    by_hand: bool,
}

impl Times {
    /// What was asked for, if anything was.
    pub(crate) fn schedule(&self) -> Option<Schedule> {
        match self {
            Self { daily_at: Some(hour), .. } => Some(Schedule::DailyAt(*hour)),
            Self { hourly: true, .. } => Some(Schedule::EveryMinutes(60)),
            Self { every: Some(minutes), .. } => Some(Schedule::EveryMinutes(*minutes)),
            Self { by_hand: true, .. } => Some(Schedule::ByHand),
            _ => None,
        }
    }
}

/// A schedule in words.
pub(crate) fn schedule_text(schedule: Schedule) -> String {
    match schedule {
        Schedule::ByHand => "by hand".to_owned(),
        Schedule::EveryMinutes(60) => "hourly".to_owned(),
        Schedule::EveryMinutes(minutes) => format!("every {minutes} minutes"),
        Schedule::DailyAt(hour) => format!("daily at {hour:02}:00"),
    }
}
