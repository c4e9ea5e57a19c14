//! Somebody else on the same host: links, routes, addresses and nexthops that must stay as they are, some of
//! them in places where ours belong.

use std::net::IpAddr;

use bytes::BytesMut;
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::{Held, World};
use ksync_runtime::wire::{Outgoing, Request};

use super::holdings::name_of;
use super::intent::EXISTING;
use super::object::Place;

/// The link that foreign routes and nexthops are on. Nothing of ours refers to it.
const FAR: &str = "far0";

/// Somebody else.
#[derive(Debug)]
pub(super) struct Stranger {
    world: World,
    /// What it holds besides what stands in our places, as it was at first.
    own: Vec<Held>,
    /// What it put in our places, as it was at first.
    pub(super) intruders: Vec<(Place, Held)>,
}

impl Stranger {
    pub(super) fn move_in(world: &World) -> Self {
        let mut stranger = Stranger { world: world.clone(), own: Vec::new(), intruders: Vec::new() };
        for name in [EXISTING[0], EXISTING[1], FAR] {
            stranger.does::<LinkHeader>(RTM_NEWLINK, |message| {
                message.header.ifi_flags = IFF_UP;
                message.header.ifi_change = IFF_UP;
                message.attributes.put(IFLA_IFNAME, &name.to_owned());
                message.attributes.nested(IFLA_LINKINFO, |info| {
                    info.put(IFLA_INFO_KIND, &"bridge".to_owned());
                });
            });
        }
        let far = world.link_index(FAR).unwrap_or_default();
        stranger.does::<NexthopHeader>(RTM_NEWNEXTHOP, |message| {
            message.header.nh_family = AF_INET;
            message.attributes.put(NHA_ID, &7_u32);
            message.attributes.put(NHA_OIF, &far);
        });
        let away = IpNet::V4(Ipv4Net::new_assert([198, 18, 0, 0].into(), 15));
        stranger.puts_route(RT_TABLE_MAIN, away, 0);
        stranger.own = stranger.objects();
        stranger
    }

    /// Puts an object into a place of ours. Says whether the kernel took it.
    pub(super) fn intrudes(&mut self, place: &Place) -> bool {
        let before = self.candidates(place);
        let taken = match place {
            Place::Route(table, destination, metric) => self.puts_route(*table, *destination, *metric),
            Place::Address(link, address) if EXISTING.contains(&link.as_str()) => {
                self.puts_address(link, *address)
            }
            _ => false,
        };
        let new = self.candidates(place).into_iter().find(|held| !before.contains(held));
        let came = new.filter(|_| taken);
        let any = came.is_some();
        self.intruders.extend(came.map(|held| (place.clone(), held)));
        any
    }

    /// Takes back what stands in our places.
    pub(super) fn withdraws(&mut self) -> Vec<Place> {
        let intruders = std::mem::take(&mut self.intruders);
        for (_, held) in &intruders {
            self.world.remove(held.new_type, |other| other == held);
        }
        intruders.into_iter().map(|(place, _)| place).collect()
    }

    /// Whether all that is foreign is as it was.
    ///
    /// # Errors
    /// What is not.
    pub(super) fn confirm(&self) -> Result<(), String> {
        let there = self.objects();
        for own in &self.own {
            if !there.contains(own) {
                return Err(format!("somebody else's {} was touched: {own:?}", own.family));
            }
        }
        for (place, intruder) in &self.intruders {
            if !self.candidates(place).contains(intruder) {
                return Err(format!("somebody else's object in the place of {place} was touched"));
            }
        }
        for name in &EXISTING[..2] {
            if self.world.link_index(name).is_none() {
                return Err(format!("somebody else's link {name} is gone"));
            }
        }
        Ok(())
    }

    fn candidates(&self, place: &Place) -> Vec<Held> {
        self.world.objects(place.new_type())
    }

    /// All that never changes: what stands on `far0`, and `far0` itself.
    fn objects(&self) -> Vec<Held> {
        let far = self.world.link_index(FAR);
        let is_on = |held: &Held, nla: u16| {
            held.attribute(nla).and_then(|payload| payload.first_chunk().copied()).map(u32::from_ne_bytes)
                == far
        };
        let links =
            self.world.objects(RTM_NEWLINK).into_iter().filter(|link| name_of(link).as_deref() == Some(FAR));
        let nexthops = self.world.object(RTM_NEWNEXTHOP, 7);
        let routes = self.world.objects(RTM_NEWROUTE).into_iter().filter(|route| is_on(route, RTA_OIF));
        links.chain(nexthops).chain(routes).collect()
    }

    fn puts_route(&self, table: u32, destination: IpNet, metric: u32) -> bool {
        let far = self.world.link_index(FAR).unwrap_or_default();
        self.does::<RouteHeader>(RTM_NEWROUTE, |message| {
            message.header.rtm_dst_len = destination.prefix_len();
            message.header.rtm_protocol = RTPROT_BOOT;
            message.header.rtm_type = RTN_UNICAST;
            message.header.rtm_scope = RT_SCOPE_LINK;
            message.header.rtm_family = put_address(message, RTA_DST, destination.addr());
            message.attributes.put(RTA_TABLE, &table);
            message.attributes.put(RTA_PRIORITY, &metric);
            message.attributes.put(RTA_OIF, &far);
        })
    }

    fn puts_address(&self, link: &str, address: IpNet) -> bool {
        let Some(index) = self.world.link_index(link) else { return false };
        self.does::<AddressHeader>(RTM_NEWADDR, |message| {
            message.header.ifa_prefixlen = address.prefix_len();
            message.header.ifa_index = index;
            message.header.ifa_family = put_address(message, IFA_LOCAL, address.addr());
            put_address(message, IFA_ADDRESS, address.addr());
        })
    }

    /// Asks the kernel to create something that must not be there.
    fn does<H: ksync_runtime::wire::FixedHeader + Default>(
        &self,
        message_type: u16,
        fill: impl FnOnce(&mut Outgoing<'_, H>),
    ) -> bool {
        let mut bytes = BytesMut::new();
        let mut message = Request::new(&mut bytes, 1, 0).begin::<H>(message_type, NLM_F_CREATE | NLM_F_EXCL);
        fill(&mut message);
        message.finish().is_ok() && self.world.inject(&bytes).is_ok()
    }
}

/// Writes an address and says of which family it is.
fn put_address<H: ksync_runtime::wire::FixedHeader>(
    message: &mut Outgoing<'_, H>,
    nla: u16,
    address: IpAddr,
) -> u8 {
    match address {
        IpAddr::V4(address) => {
            message.attributes.put(nla, &address);
            AF_INET
        }
        IpAddr::V6(address) => {
            message.attributes.put(nla, &address);
            AF_INET6
        }
    }
}
