//! A protocol that the runtime does not know, from the outside: framing, answers in order, refusals, transactions
//! whose fault nobody names. The other side is a daemon behind a socket, on a thread of its own.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use ksync_objects::Link;
use ksync_runtime::agent::Agent;
use ksync_runtime::declare::{Acknowledgement, Channel, CustomProtocol, Protocol, Reply, ReplyTo};
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::SimulatedKernel;
use ksync_runtime::socket::{Kernel, Readiness, Received};
use ksync_runtime::wire::{Answer, AttributeList, MessageView};

/// `length: u16, command: u8, (reserved): u8`, then attributes. A batch stands between `<` and `>`. Each message is
/// answered with one byte, in order (`E`); or the batch as a whole is refused with one byte (`B`).
#[derive(Debug)]
struct Switchd {
    acknowledgement: Acknowledgement,
}

const HEAD: usize = 4;
const ADD: u8 = 1;
const CHANGE: u8 = 2;
const DELETE: u8 = 3;
const DUMP: u8 = 4;

impl CustomProtocol for Switchd {
    fn name(&self) -> &'static str {
        match self.acknowledgement {
            Acknowledgement::Each => "switchd",
            _ => "switchd in transactions",
        }
    }

    fn head_len(&self) -> usize {
        HEAD
    }

    fn finish(&self, message: &mut [u8], command: u16, _: u16) {
        let len = u16::try_from(message.len()).expect("short messages");
        message[..2].copy_from_slice(&len.to_be_bytes());
        message[2] = u8::try_from(command).expect("few commands");
    }

    fn acknowledgement(&self) -> Acknowledgement {
        self.acknowledgement
    }

    fn open_batch(&self, batch: &mut BytesMut, _: u32) {
        batch.extend_from_slice(b"<");
    }

    fn close_batch(&self, batch: &mut BytesMut, _: u32) {
        batch.extend_from_slice(b">");
    }

    fn read(&self, datagram: &[u8], take: &mut dyn FnMut(Reply<'_>)) {
        let (sort, rest) = datagram.split_first().expect("the daemon sends whole answers");
        let answer = |errno: &u8| match i32::from(*errno) {
            0 => Answer::Acknowledged,
            errno => Answer::Failed { errno, text: Some("says switchd".to_owned()), offset: None },
        };
        match sort {
            b'E' => rest.iter().for_each(|errno| take(Reply { to: ReplyTo::Oldest, answer: answer(errno) })),
            b'B' => rest.iter().for_each(|errno| take(Reply { to: ReplyTo::Batch, answer: answer(errno) })),
            b'O' => {
                let object = MessageView { message_type: ADD.into(), flags: 0, seq: 0, port: 0, body: rest };
                take(Reply { to: ReplyTo::Oldest, answer: Answer::Object(object) });
            }
            _ => take(Reply { to: ReplyTo::Oldest, answer: Answer::Done }),
        }
    }
}

static EACH: Switchd = Switchd { acknowledgement: Acknowledgement::Each };
static WHOLE: Switchd = Switchd { acknowledgement: Acknowledgement::AllOrNothing };
const SWITCHD: Protocol = Protocol::Custom(&EACH);
const SWITCHD_WHOLE: Protocol = Protocol::Custom(&WHOLE);

/// A port of the switch: its state follows a link of this host.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = SWITCHD, add = 1, change = 2, delete = 3, get = 4)]
struct Port {
    #[ksync(key, nla = 1)]
    number: u32,
    #[ksync(nla = 2)]
    speed: u32,
    #[depends_on]
    link: Option<Ref<Link>>,
}

/// The same, where a batch is carried out as a whole or not at all.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = SWITCHD_WHOLE, add = 1, change = 2, delete = 3, get = 4)]
struct Trunk {
    #[ksync(key, nla = 1)]
    number: u32,
    #[ksync(nla = 2)]
    speed: u32,
}

/// The connection.
struct Socket {
    socket: UnixDatagram,
    protocol: &'static Switchd,
}

impl Kernel for Socket {
    fn channel(&self) -> Channel {
        Channel::Custom(self.protocol)
    }

    fn port(&self) -> u32 {
        0
    }

    fn answer_capacity(&self) -> usize {
        64
    }

    fn max_batch_len(&self) -> usize {
        4096
    }

    fn send(&mut self, batch: &[u8]) -> io::Result<()> {
        self.socket.send(batch).map(|_| ())
    }

    fn receive(&mut self, datagram: &mut BytesMut) -> io::Result<Received> {
        datagram.resize(4096, 0);
        match self.socket.recv(datagram) {
            Ok(len) => {
                datagram.truncate(len);
                Ok(Received::Datagram)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Received::Nothing),
            Err(error) => Err(error),
        }
    }

    fn readiness(&self) -> Readiness<'_> {
        Readiness::Descriptor(self.socket.as_fd())
    }
}

/// What the daemon knows: speed by number, and how many batches it took.
#[derive(Debug, Default)]
struct Ports {
    speeds: BTreeMap<u32, u32>,
    batches: usize,
}

/// A daemon that has no port above 100, and takes its time.
fn daemon(protocol: &'static Switchd) -> (Socket, Arc<Mutex<Ports>>) {
    let (ours, theirs) = UnixDatagram::pair().expect("a pair of sockets");
    ours.set_nonblocking(true).expect("it can be so");
    let ports = Arc::new(Mutex::new(Ports::default()));
    let known = ports.clone();
    std::thread::spawn(move || {
        let mut batch = [0; 8192];
        while let Ok(len) = theirs.recv(&mut batch) {
            if len == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
            for answer in answers(protocol, &batch[..len], &mut known.lock().expect("nobody panics")) {
                if theirs.send(&answer).is_err() {
                    return;
                }
            }
        }
    });
    (Socket { socket: ours, protocol }, ports)
}

fn answers(protocol: &Switchd, batch: &[u8], ports: &mut Ports) -> Vec<Vec<u8>> {
    if batch[2] == DUMP {
        let number = |nla: u8, value: u32| {
            let mut attribute = vec![8, 0, nla, 0];
            attribute.extend(value.to_ne_bytes());
            attribute
        };
        let objects = ports
            .speeds
            .iter()
            .map(|(port, speed)| [vec![b'O'], number(1, *port), number(2, *speed)].concat());
        return objects.chain([b"D".to_vec()]).collect();
    }
    assert_eq!((batch.first(), batch.last()), (Some(&b'<'), Some(&b'>')), "the batch is wrapped");
    ports.batches += 1;
    let mut rest = &batch[1..batch.len() - 1];
    let mut after = ports.speeds.clone();
    let mut errors = vec![b'E'];
    while !rest.is_empty() {
        let (message, behind) = rest.split_at(usize::from(u16::from_be_bytes([rest[0], rest[1]])));
        rest = behind;
        let attributes = AttributeList::parse(&message[HEAD..]).expect("attributes");
        let number =
            |nla| attributes.get(nla).map(|bytes| u32::from_ne_bytes(bytes.try_into().expect("4 bytes")));
        let port = number(1).expect("a key");
        errors.push(match message[2] {
            ADD | CHANGE if port > 100 => 33,
            ADD | CHANGE => {
                after.insert(port, number(2).expect("a speed"));
                0
            }
            DELETE if after.remove(&port).is_some() => 0,
            DELETE => 2,
            other => panic!("command {other}"),
        });
    }
    match (protocol.acknowledgement, errors[1..].iter().find(|errno| **errno != 0)) {
        (Acknowledgement::AllOrNothing, Some(errno)) => vec![vec![b'B', *errno]],
        _ => {
            ports.speeds = after;
            vec![errors]
        }
    }
}

fn run(body: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(body);
}

#[test]
fn a_protocol_of_the_users_own_works_beside_netlink() {
    run(async {
        let (socket, ports) = daemon(&EACH);
        let agent = Agent::builder()
            .object::<Port>()
            .object::<Link>()
            .kernel(SimulatedKernel::new())
            .kernel(socket)
            .start()
            .expect("an agent");
        let table = agent.table::<Port>();
        for number in 1..=200 {
            let link = (number == 7).then(|| Ref::to("br0"));
            table.set(Port { number, speed: 10, link }).expect("valid");
        }
        let unsettled = agent.settled().await.expect_err("there is no port above 100").to_string();
        assert!(unsettled.contains("says switchd"), "{unsettled}");
        let speeds = |ports: &Mutex<Ports>| ports.lock().expect("nobody panics").speeds.clone();
        let expected: Vec<u32> = (1..=100).filter(|number| *number != 7).collect();
        assert_eq!(speeds(&ports).into_keys().collect::<Vec<_>>(), expected, "7 waits for its link");
        for number in 101..=200 {
            assert_eq!(table.state(&number), Some(State::AddDefer));
            table.remove(&number);
        }

        agent.table::<Link>().set(Link::new("br0", ksync_objects::LinkKind::bridge())).expect("valid");
        table.set(Port { number: 3, speed: 40, link: None }).expect("valid");
        table.remove(&4);
        agent.settled().await.expect("all is possible");
        let held = speeds(&ports);
        assert_eq!((held.get(&7), held.get(&3), held.get(&4)), (Some(&10), Some(&40), None));

        let read_back = table.read_back().await.expect("a dump");
        assert_eq!((read_back.objects.len(), read_back.malformed.len()), (99, 0));
        // Only the order depends on a link: it can't be read back.
        assert_eq!(table.verify().await.expect("a dump"), []);
    });
}

#[test]
fn a_transaction_that_is_refused_as_a_whole_is_halved_until_the_fault_is_alone() {
    run(async {
        let (socket, ports) = daemon(&WHOLE);
        let agent = Agent::builder().object::<Trunk>().kernel(socket).start().expect("an agent");
        let table = agent.table::<Trunk>();
        // 13 and 50 stand for numbers that the daemon does not have.
        let number = |number| if number == 13 || number == 50 { 1000 + number } else { number };
        assert!(table.set_all((0..64).map(|each| Trunk { number: number(each), speed: 1 })).is_empty());
        let _ = agent.settled().await.expect_err("two of them are refused");
        let expected: Vec<u32> = (0..64).filter(|number| *number != 13 && *number != 50).collect();
        let batches = {
            let ports = ports.lock().expect("nobody panics");
            assert_eq!(ports.speeds.keys().copied().collect::<Vec<_>>(), expected);
            ports.batches
        };
        for each in 0..64 {
            let state = table.state(&number(each)).expect("declared");
            let wanted = if number(each) > 100 { State::AddDefer } else { State::InSync };
            assert_eq!(state, wanted, "{each}");
        }
        // Each fault takes two batches for each halving.
        assert!(batches <= 1 + 2 * 2 * 6, "{batches}");
        assert_eq!(agent.totals().refusals, 2);
    });
}

#[test]
fn a_kernel_that_answers_nothing_leaves_things_in_doubt_and_not_in_sync() {
    struct Mute(Socket);
    impl Kernel for Mute {
        fn channel(&self) -> Channel {
            self.0.channel()
        }

        fn port(&self) -> u32 {
            0
        }

        fn answer_capacity(&self) -> usize {
            64
        }

        fn max_batch_len(&self) -> usize {
            4096
        }

        fn answer_timeout(&self) -> Duration {
            Duration::from_millis(20)
        }

        fn send(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn receive(&mut self, _: &mut BytesMut) -> io::Result<Received> {
            Ok(Received::Nothing)
        }

        fn readiness(&self) -> Readiness<'_> {
            Readiness::Idle
        }
    }
    run(async {
        for protocol in [&EACH, &WHOLE] {
            let kernel = Mute(daemon(protocol).0);
            let builder = Agent::builder().kernel(kernel);
            let agent = match protocol.acknowledgement {
                Acknowledgement::Each => {
                    builder.object::<Port>().object::<Link>().kernel(SimulatedKernel::new())
                }
                _ => builder.object::<Trunk>(),
            };
            let agent = agent.start().expect("an agent");
            match protocol.acknowledgement {
                Acknowledgement::Each => {
                    agent.table::<Port>().set(Port { number: 1, speed: 1, link: None }).expect("valid");
                }
                _ => agent.table::<Trunk>().set(Trunk { number: 1, speed: 1 }).expect("valid"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(agent.totals().lost_answers > 1, "{:?}", agent.totals());
            assert_ne!(
                agent.table::<Port>().state(&1).or(agent.table::<Trunk>().state(&1)),
                Some(State::InSync)
            );
        }
    });
}
