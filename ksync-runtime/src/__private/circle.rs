//! Finds circles of kinds while the compiler runs: kinds that need each other could never be sent, none before
//! the other.
//!
//! A macro sees one type at a time, so every derived kind lays down what it needs as constants. A constant can't
//! lead back to itself; therefore the graph is unrolled, each kind once for each of [`DEPTH`] steps, and a circle
//! shows as a path of at most so many steps that ends where it began. Longer ones are found when the agent starts
//! (`engine::circles`).

/// The longest circle that is found.
pub const DEPTH: usize = 8;

/// A kind, and what it needs, as far as it is unrolled.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Tells kinds of one name apart.
    pub id: &'static str,
    /// The name of the kind.
    pub name: &'static str,
    /// It may refer to itself, so circles that lead through it are meant.
    pub self_dependent: bool,
    /// The kinds that it needs.
    pub needs: &'static [Node],
}

/// A derived kind. `NEEDS_1` are the kinds that it needs, without what these need; `NEEDS_8` is unrolled most.
#[expect(missing_docs, reason = "said above")]
pub trait Derived {
    const ID: &'static str;
    const NAME: &'static str;
    const SELF_DEPENDENT: bool;
    const NEEDS_1: &'static [Node];
    const NEEDS_2: &'static [Node];
    const NEEDS_3: &'static [Node];
    const NEEDS_4: &'static [Node];
    const NEEDS_5: &'static [Node];
    const NEEDS_6: &'static [Node];
    const NEEDS_7: &'static [Node];
}

/// Gives the node of a type: [`Derived`] ones have constants of their own here, which go before those of
/// [`AnyType`].
#[derive(Debug)]
pub struct Probe<T>(std::marker::PhantomData<T>);

macro_rules! unrolled {
    ($($node:ident: $needs:ident,)*) => {
        #[expect(missing_docs, reason = "said above")]
        impl<T: Derived> Probe<T> {
            pub const NODE_0: Node =
                Node { id: T::ID, name: T::NAME, self_dependent: T::SELF_DEPENDENT, needs: &[] };
            $(pub const $node: Node = Node { needs: T::$needs, ..Self::NODE_0 };)*
        }

        /// What is written by hand, or no kind at all, needs nothing that is known here.
        #[expect(missing_docs, reason = "said above")]
        pub trait AnyType {
            const NODE_0: Node = Node { id: "", name: "", self_dependent: true, needs: &[] };
            $(const $node: Node = Self::NODE_0;)*
        }
    };
}
unrolled!(
    NODE_1: NEEDS_1,
    NODE_2: NEEDS_2,
    NODE_3: NEEDS_3,
    NODE_4: NEEDS_4,
    NODE_5: NEEDS_5,
    NODE_6: NEEDS_6,
    NODE_7: NEEDS_7,
);

impl<T> AnyType for Probe<T> {}

/// How many kinds are looked at.
const ROOM: usize = 64;

/// Stops the compilation if `next`, which kind `start` needs, leads back to `start`. Of the kinds of a circle only
/// the one whose id comes first complains.
#[track_caller]
pub const fn expect_no_circle(start: Node, next: Node) {
    if start.self_dependent {
        return;
    }
    // Breadth first: each kind once, where it is unrolled most. `from` is the place of the kind that needs it.
    let (mut seen, mut from) = ([next; ROOM], [0; ROOM]);
    let (mut at, mut end) = (0, 1);
    while at < end {
        let node = seen[at];
        if same(node.id, start.id) {
            complain(start, &seen, &from, at);
            return;
        }
        let mut need = 0;
        while !node.self_dependent && need < node.needs.len() {
            let needed = node.needs[need];
            if end < ROOM && !is_among(needed, &seen, end) {
                seen[end] = needed;
                from[end] = at;
                end += 1;
            }
            need += 1;
        }
        at += 1;
    }
}

/// `last` is where the circle closes; `from` leads back to its beginning.
#[track_caller]
const fn complain(start: Node, seen: &[Node; ROOM], from: &[usize; ROOM], last: usize) {
    let mut path = [0; DEPTH + 2];
    let (mut len, mut at) = (0, last);
    while at != 0 && len < path.len() {
        path[len] = at;
        len += 1;
        at = from[at];
    }
    let mut text = Text { bytes: [0; 1024], len: 0 };
    text.push("`");
    text.push(start.name);
    if len == 0 && same(seen[0].id, start.id) {
        text.push("` depends on itself: if that is meant, say `self_dependent` in the `#[ksync(...)]` of the struct");
        text.panic();
    }
    text.push("` depends on `");
    text.push(seen[0].name);
    while len > 0 {
        len -= 1;
        let node = seen[path[len]];
        if before(node.id, start.id) {
            return;
        }
        text.push("`, which depends on `");
        text.push(node.name);
    }
    if before(seen[0].id, start.id) {
        return;
    }
    text.push(
        "`: a circle of kinds, none of which could be sent before the others. Take one `#[depends_on]` away; or, if \
         their entries never form a circle, say `self_dependent` in the `#[ksync(...)]` of one of the kinds",
    );
    text.panic();
}

const fn is_among(node: Node, seen: &[Node; ROOM], end: usize) -> bool {
    let mut at = 0;
    while at < end {
        if same(node.id, seen[at].id) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(left: &str, right: &str) -> bool {
    !before(left, right) && !before(right, left)
}

/// By bytes.
const fn before(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() {
        if left[at] != right[at] {
            return left[at] < right[at];
        }
        at += 1;
    }
    left.len() < right.len()
}

/// A message that is put together without an allocation; what does not fit is left out.
struct Text {
    bytes: [u8; 1024],
    len: usize,
}

impl Text {
    const fn push(&mut self, text: &str) {
        let text = text.as_bytes();
        if self.len + text.len() > self.bytes.len() {
            return;
        }
        let mut at = 0;
        while at < text.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
    }

    #[track_caller]
    const fn panic(&self) {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => panic!("{}", text),
            Err(_) => panic!("a circle of kinds"),
        }
    }
}
