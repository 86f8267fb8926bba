//! The device grant (RFC 8628): codes, and what the person at the other device decides.

use std::time::{Duration, Instant};

use super::grants::new_secret;

/// What the person at the other device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    None,
    /// Consents.
    Approved,
    /// Refuses.
    Denied,
    /// Waits until the code has ended.
    Expired,
}

pub(super) struct Device {
    pub(super) code: String,
    pub(super) user_code: String,
    pub(super) scope: String,
    pub(super) decision: Decision,
    /// When it was issued, then when it was asked about last.
    pub(super) asked_at: Instant,
    pub(super) is_spent: bool,
}

#[derive(Default)]
pub(super) struct Devices {
    devices: Vec<Device>,
}

impl Devices {
    pub(super) fn issue(&mut self, scope: &str) -> &Device {
        let number = self.devices.len() + 1;
        self.devices.push(Device {
            code: new_secret("dc"),
            user_code: format!("0A44L{number:03}"),
            scope: scope.to_owned(),
            decision: Decision::None,
            asked_at: Instant::now(),
            is_spent: false,
        });
        &self.devices[number - 1]
    }

    pub(super) fn find(&mut self, device_code: &str) -> Option<&mut Device> {
        let mut devices = self.devices.iter_mut();
        devices.find(|device| device.code == device_code)
    }

    /// Whether the code is one of this server's.
    pub(super) fn decide(&mut self, user_code: &str, decision: Decision) -> bool {
        let mut devices = self.devices.iter_mut();
        let device = devices.find(|device| device.user_code == user_code);
        device.map(|device| device.decision = decision).is_some()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = String> {
        self.devices.iter().map(|device| device.code.clone())
    }
}

impl Device {
    /// Notes a poll; whether it came before its time (RFC 8628 §3.5).
    pub(super) fn is_asked_too_early(&mut self, interval: Duration) -> bool {
        let now = Instant::now();
        let waited = now - self.asked_at;
        self.asked_at = now;
        waited < interval
    }
}
