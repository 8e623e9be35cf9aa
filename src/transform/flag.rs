//! Yes and no as types, so that the compiler can ask a chain.

use typenum::{B0, B1, Bit};

/// [`B0`] or [`B1`]. Unlike [`core::ops::BitOr`] on them, [`Or`](Self::Or) needs no bound: what is
/// generic over stages can chain them.
pub trait Flag: Bit + Send + Sync + 'static {
    /// Yes if one of the two is.
    type Or<Other: Flag>: Flag;
}

impl Flag for B0 {
    type Or<Other: Flag> = Other;
}

impl Flag for B1 {
    type Or<Other: Flag> = Self;
}

/// Yes if `A` or `B` is.
pub type Either<A, B> = <A as Flag>::Or<B>;
