//! Points in time and lengths of it: UTC, milliseconds, arithmetic that cannot fail. Only what people read is in their
//! own time zone.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A point in time in UTC, to the millisecond: what a record can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The wall clock. Nothing else in the program asks it (`clippy.toml`).
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn now() -> Self {
        Self::from_unix_millis(jiff::Timestamp::now().as_millisecond())
    }

    /// `millis` after 1970-01-01T00:00:00Z; a value outside the years -9999 to 9999 becomes the
    /// nearest end of that range.
    #[must_use]
    pub fn from_unix_millis(millis: i64) -> Self {
        let end = if millis < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        };
        Self(jiff::Timestamp::from_millisecond(millis).unwrap_or(end))
    }

    /// The same as the standard library has it.
    #[must_use]
    pub fn to_system_time(self) -> std::time::SystemTime {
        let (length, epoch) = (self.0.as_millisecond(), std::time::SystemTime::UNIX_EPOCH);
        let distance = Duration::from_millis(length.unsigned_abs());
        // Seventy centuries either way: every system that we know has them.
        let moment = if length < 0 {
            epoch.checked_sub(distance)
        } else {
            epoch.checked_add(distance)
        };
        moment.unwrap_or(epoch)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The time that TOML writes so, with any offset; `None` where one is missing, or where there is no
    /// such time. As in RFC 3339 a leap second is the one before it.
    #[must_use]
    pub fn from_toml(at: &toml::value::Datetime) -> Option<Self> {
        let (date, time) = (at.date?, at.time?);
        let offset = match at.offset? {
            toml::value::Offset::Z => jiff::tz::Offset::UTC,
            toml::value::Offset::Custom { minutes } => {
                jiff::tz::Offset::from_seconds(i32::from(minutes) * 60).ok()?
            }
        };
        let small = |number: u8| i8::try_from(number).ok();
        let civil = jiff::civil::DateTime::new(
            i16::try_from(date.year).ok()?,
            small(date.month)?,
            small(date.day)?,
            small(time.hour)?,
            small(time.minute)?,
            small(time.second.unwrap_or(0).min(59))?,
            i32::try_from(time.nanosecond.unwrap_or(0)).ok()?,
        );
        let exact = offset.to_timestamp(civil.ok()?).ok()?;
        Some(Self::from_unix_millis(exact.as_millisecond()))
    }

    /// For people, in the time zone of this machine or of `TZ`: `15:17:20`, and with its date where that is not
    /// today's.
    #[must_use]
    pub fn local(self) -> String {
        let (at, now) = (self.zoned(), Self::now().zoned());
        if at.date() == now.date() {
            at.strftime("%H:%M:%S").to_string()
        } else {
            self.local_with_date()
        }
    }

    /// The same, with its date always and to the minute.
    #[must_use]
    pub fn local_with_date(self) -> String {
        self.zoned().strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn zoned(self) -> jiff::ZonedDateTime {
        self.0.to_zoned_datetime(jiff::tz::TimeZone::system())
    }

    /// `length` later, or the end of time.
    #[must_use]
    pub fn plus(self, length: Duration) -> Self {
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_millis(self.unix_millis().saturating_add(millis))
    }

    /// `length` earlier, or the beginning of time.
    #[must_use]
    pub fn minus(self, length: Duration) -> Self {
        let millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self::from_unix_millis(self.unix_millis().saturating_sub(millis))
    }

    /// How long it is from `earlier` to here; zero where `earlier` is the later one.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.unix_millis().saturating_sub(earlier.unix_millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

/// A moment on the clock that runs from the start of the machine, and that cannot be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootTime {
    /// Which start of the machine: the first eight hex digits of its id.
    boot: u32,
    /// Since then; negative before it.
    millis: i64,
}

/// The wall clock may fall behind the other one by this much, in milliseconds, before that matters: the
/// two are not read at the same instant.
const CLOCK_JITTER: i64 = 1000;

impl BootTime {
    /// What that clock said at `moment`, where the wall clock says `now`. `None`: there is no such clock.
    #[must_use]
    pub fn at(moment: Timestamp, now: Timestamp) -> Option<Self> {
        let ago = now.unix_millis().saturating_sub(moment.unix_millis());
        Some(Self {
            boot: boot_id()?,
            millis: since_boot()?.saturating_sub(ago),
        })
    }

    /// How much more time has passed by this clock than by the wall clock since both said what they say
    /// in `self` and `moment`: by so much the wall clock was set back. Zero in another start of the machine.
    ///
    /// Only where the two differ the id of this start is looked up, which takes a file (P9).
    #[must_use]
    pub fn set_back_since(&self, moment: Timestamp, now: Timestamp) -> Duration {
        let Some(since_boot) = since_boot() else {
            return Duration::ZERO;
        };
        let by_the_wall = now.unix_millis().saturating_sub(moment.unix_millis());
        let more = since_boot
            .saturating_sub(self.millis)
            .saturating_sub(by_the_wall);
        if more <= CLOCK_JITTER || boot_id() != Some(self.boot) {
            return Duration::ZERO;
        }
        Duration::from_millis(more.unsigned_abs())
    }
}

/// `4f3c2b1a 5321042`: the start of the machine, and milliseconds since then.
impl fmt::Display for BootTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x} {}", self.boot, self.millis)
    }
}

impl FromStr for BootTime {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (boot, millis) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self {
            boot: u32::from_str_radix(boot, 16)?,
            millis: millis.parse()?,
        })
    }
}

/// Milliseconds since the machine started, with those in which it slept.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
fn since_boot() -> Option<i64> {
    use nix::time::{ClockId, clock_gettime};
    let passed = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).ok()?);
    i64::try_from(passed.as_millis()).ok()
}

/// How long the machine has been running, with the time in which it slept: what a process may do for so long ends though
/// it, or the machine, was stopped.
#[cfg(feature = "postgres")]
#[must_use]
pub fn uptime() -> Duration {
    let ours = || u64::try_from(Timestamp::now().unix_millis()).ok();
    let millis = since_boot().and_then(|millis| u64::try_from(millis).ok());
    Duration::from_millis(millis.or_else(ours).unwrap_or_default())
}

/// Which start of the machine this is; `None`: it does not say.
#[cfg(target_os = "linux")]
#[must_use]
pub fn boot_id() -> Option<u32> {
    let id = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    u32::from_str_radix(std::str::from_utf8(id.get(..8)?).ok()?, 16).ok()
}

/// Elsewhere the wall clock is all there is.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Option<i64> {
    None
}

/// Which start of the machine this is; it does not say.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn boot_id() -> Option<u32> {
    None
}

/// RFC 3339 in UTC.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// RFC 3339 with any offset; what is finer than a millisecond is cut off.
impl FromStr for Timestamp {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let exact: jiff::Timestamp = text.parse()?;
        Ok(Self::from_unix_millis(exact.as_millisecond()))
    }
}

/// Reads a length of time as people write it: `90s`, `5m`, `2h`, `1h30m`, `1d`.
///
/// The error is a sentence for the person who wrote it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    // A day has 24 hours here; jiff leaves it open.
    let days = text.split_once('d').and_then(|(days, rest)| {
        let days: u64 = days.parse().ok()?;
        let rest = if rest.is_empty() { "0s" } else { rest };
        Some((days.checked_mul(24 * 60 * 60)?, rest))
    });
    if let Some((seconds, rest)) = days
        && !rest.starts_with('-')
        && let Ok(rest) = parse_duration(rest)
    {
        return Ok(rest.saturating_add(Duration::from_secs(seconds)));
    }
    let length: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "is not a duration such as `90s`, `5m` or `2h`".to_owned())?;
    Duration::try_from(length).map_err(|_| "must not be negative".to_owned())
}

/// Writes a length of time for people, to the second: `2h`, `1h 59m`, `45s`, and `0s` for less
/// than one. From an hour on, seconds are left out; from two days on, everything but days.
#[must_use]
pub fn human(length: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let seconds = length.as_secs();
    let pair = |big: u64, unit: &str, rest: u64, small: &str| match rest {
        0 => format!("{big}{unit}"),
        rest => format!("{big}{unit} {rest}{small}"),
    };
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => pair(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        HOUR..DAY => pair(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        _ if seconds < 2 * DAY => pair(1, "d", seconds % DAY / HOUR, "h"),
        _ => format!("{}d", seconds / DAY),
    }
}

/// Writes for people how long ago something was: `2h ago`, and `just now` for less than a second.
#[must_use]
pub fn ago(length: Duration) -> String {
    match length.as_secs() {
        0 => "just now".to_owned(),
        _ => format!("{} ago", human(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_timestamp_keeps_milliseconds_and_no_more() {
        assert_eq!(
            at("2026-11-23T10:00:00.2109Z").to_string(),
            "2026-11-23T10:00:00.21Z"
        );
        assert_eq!(
            at("2026-11-23T12:00:00+02:00"),
            at("2026-11-23T10:00:00.000Z")
        );
    }

    #[test]
    fn what_toml_reads_as_a_time_is_what_rfc_3339_says_it_is() {
        for text in [
            "2026-11-23T10:00:00Z",
            "2026-11-23 10:00:00.2109Z",
            "2026-11-23t23:59:59.999999999z",
            "2026-11-23T12:00:00+02:00",
            "2026-11-23T12:00:00-23:59",
            "2024-02-29T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "1969-12-31T23:59:59.9995Z",
            "0000-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
        ] {
            let toml: toml::value::Datetime = text.parse().unwrap();
            assert_eq!(Timestamp::from_toml(&toml), text.parse().ok(), "{text}");
        }
        for text in ["2026-11-23T10:00:00", "2026-11-23", "10:00:00"] {
            let toml: toml::value::Datetime = text.parse().unwrap();
            assert_eq!(Timestamp::from_toml(&toml), None, "{text}");
        }
    }

    #[test]
    fn a_moment_of_this_start_tells_that_the_wall_clock_was_set_back() {
        let now = Timestamp::now();
        let issued = now.minus(Duration::from_secs(600));
        let Some(at) = BootTime::at(issued, now) else {
            return;
        };
        assert_eq!(at.to_string().parse(), Ok(at.clone()));
        assert_eq!(at.set_back_since(issued, now), Duration::ZERO);
        let ahead = now.plus(Duration::from_secs(3600));
        assert_eq!(at.set_back_since(issued, ahead), Duration::ZERO);
        let back = at.set_back_since(issued, now.minus(Duration::from_secs(300)));
        assert!((300..310).contains(&back.as_secs()), "{back:?}");
        let other_start = BootTime {
            boot: at.boot ^ 1,
            ..at
        };
        let back = now.minus(Duration::from_secs(300));
        assert_eq!(other_start.set_back_since(issued, back), Duration::ZERO);
        for text in ["", "4f3c2b1a", "4f3c2b1a ", "x 1", "4f3c2b1a 1.5"] {
            assert!(text.parse::<BootTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        let now = at("2026-11-23T10:00:00Z");
        assert!(now.plus(Duration::MAX) > now);
        assert!(now.minus(Duration::MAX) < now);
        assert_eq!(now.since(now.plus(Duration::from_secs(1))), Duration::ZERO);
        assert_eq!(
            now.plus(Duration::from_millis(1500)).since(now),
            Duration::from_millis(1500)
        );
    }

    #[test]
    fn people_read_a_time_with_its_date_unless_it_is_today_s() {
        let now = Timestamp::now();
        let today = now.local();
        assert_eq!(today.len(), "15:17:20".len(), "{today}");
        let earlier = now.minus(Duration::from_secs(49 * 3600)).local();
        assert_eq!(earlier.len(), "2026-11-24 15:17".len(), "{earlier}");
        let date = now.zoned().date().to_string();
        assert!(
            !earlier.starts_with(&date) && earlier.starts_with("20"),
            "{earlier}"
        );
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "5", "m", "-5m", "5 parsecs"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_short() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (7199, "1h 59m"),
            (90_000, "1d 1h"),
            (200_000, "2d"),
        ] {
            assert_eq!(human(Duration::from_secs(seconds)), text);
        }
    }
}
