//! Machines that are network namespaces: each has a loopback of its own, and a cable to this one.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;

use glauth_test_support::watch::eventually;

/// The address of this machine on the cables.
pub const HERE: &str = "10.77.0.1";

/// By its full path: a machine's environment has no `PATH`.
const IP: &str = "/usr/sbin/ip";

/// The word that makes this program the end of a [`Relay`] in a namespace.
pub const RELAY: &str = "--relay-from";

/// A bridge, which the namespaces are plugged into. It goes when this is dropped.
pub struct Bridge(String);

impl Bridge {
    /// `None`: this user may make none here.
    pub fn new() -> Option<Self> {
        let bridge = Self(format!("glb{}", std::process::id() % 100_000));
        let address = format!("{HERE}/24");
        let made = ip(&["link", "add", &bridge.0, "type", "bridge"])
            && ip(&["addr", "add", &address, "dev", &bridge.0])
            && ip(&["link", "set", &bridge.0, "up"]);
        made.then_some(bridge)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        ip(&["link", "del", &self.0]);
    }
}

/// A machine's network. It goes when this is dropped.
pub struct Namespace {
    name: String,
    /// This end of its cable.
    cable: String,
}

impl Namespace {
    pub fn new(bridge: &Bridge, number: usize) -> Self {
        let (name, cable) = (
            format!("{}n{number}", bridge.0),
            format!("{}c{number}", bridge.0),
        );
        let (inside, address) = (
            format!("{}i{number}", bridge.0),
            format!("10.77.0.{}/24", number + 10),
        );
        assert!(ip(&["netns", "add", &name]));
        let there = ["-n", &name];
        assert!(ip(&[
            "link", "add", &cable, "type", "veth", "peer", "name", &inside
        ]));
        assert!(ip(&["link", "set", &inside, "netns", &name]));
        assert!(ip(&["link", "set", &cable, "master", &bridge.0]));
        assert!(ip(&["link", "set", &cable, "up"]));
        assert!(ip(&[
            &there[..],
            &["addr", "add", &address, "dev", &inside]
        ]
        .concat()));
        for device in ["lo", &inside] {
            assert!(ip(&[&there[..], &["link", "set", device, "up"]].concat()));
        }
        Self { name, cable }
    }

    /// What runs a command in it.
    pub fn runner(&self) -> Command {
        let mut command = Command::new(IP);
        command.args(["netns", "exec", &self.name]);
        command
    }

    /// Pulls its cable, and plugs it in again. No packet says so to the other end.
    pub fn plug(&self, is_in: bool) {
        assert!(ip(&[
            "link",
            "set",
            &self.cable,
            if is_in { "up" } else { "down" }
        ]));
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.name]);
        ip(&["link", "del", &self.cable]);
    }
}

fn ip(args: &[&str]) -> bool {
    let output = Command::new(IP).args(args).output();
    output.is_ok_and(|output| output.status.success())
}

/// A port of this machine's loopback on the loopback of a namespace: the authorization server, which no fault cuts off.
pub struct Relay(Child);

impl Relay {
    pub fn start(namespace: &Namespace, port: u16, folder: &Path) -> Self {
        let socket = folder.join(format!("{}-{port}", namespace.name));
        let listener = UnixListener::bind(&socket).unwrap();
        thread::spawn(move || {
            for there in listener.incoming() {
                let Ok(there) = there else { return };
                thread::spawn(move || -> io::Result<()> {
                    let here = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
                    join(there.try_clone()?, here.try_clone()?, there, here);
                    Ok(())
                });
            }
        });
        let mut command = namespace.runner();
        command.arg(std::env::current_exe().unwrap()).arg(RELAY);
        command.arg(port.to_string()).arg(&socket);
        let relay = Self(command.spawn().unwrap());
        eventually("the relay to listen", || {
            let probe = format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
            let mut bash = namespace.runner();
            let status = bash.args(["bash", "-c", &probe]).output();
            status.is_ok_and(|output| output.status.success())
        });
        relay
    }

    /// What the process in the namespace does.
    pub fn serve(port: &str, socket: &str) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.parse().unwrap())).unwrap();
        for here in listener.incoming() {
            let Ok(here) = here else { return };
            let there = UnixStream::connect(socket);
            thread::spawn(move || -> io::Result<()> {
                let there = there?;
                join(here.try_clone()?, there.try_clone()?, here, there);
                Ok(())
            });
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Copies both ways until one end has nothing more to say.
fn join<A, B>(mut from_a: A, mut to_b: B, mut to_a: A, mut from_b: B)
where
    A: Read + Write + Close + Send + 'static,
    B: Read + Write + Close + Send + 'static,
{
    let forth = thread::spawn(move || {
        io::copy(&mut from_a, &mut to_b).ok();
        to_b.close();
    });
    io::copy(&mut from_b, &mut to_a).ok();
    to_a.close();
    forth.join().ok();
}

/// Says that nothing more comes.
trait Close {
    fn close(&self);
}

impl Close for TcpStream {
    fn close(&self) {
        self.shutdown(Shutdown::Write).ok();
    }
}

impl Close for UnixStream {
    fn close(&self) {
        self.shutdown(Shutdown::Write).ok();
    }
}
