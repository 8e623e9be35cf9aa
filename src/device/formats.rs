//! The formats of an optimizer as one type parameter.

use crate::dtype::{StorageDtype, WidensTo};
use crate::store::Store;
use core::fmt::Debug;
use core::marker::PhantomData;

/// How parameters, gradients and state lie in memory, and how parameters are written.
pub trait Formats: Copy + Debug + Send + Sync + 'static {
    /// The format of parameters.
    type Parameter: StorageDtype;
    /// The format of gradients.
    type Gradient: WidensTo<Number<Self>>;
    /// The format of state.
    type State: StorageDtype<Arithmetic = Number<Self>>;
    /// How parameters are written.
    type Store: Store;
}

/// The format that arithmetic is done in: `f64` for `f64` parameters, else `f32`.
pub type Number<K> = <<K as Formats>::Parameter as StorageDtype>::Arithmetic;

/// The format of what the store carries.
pub type Beside<K> = <<K as Formats>::Store as Store>::Beside<<K as Formats>::Parameter>;

/// Parameters in `P`, gradients in `G`, state in `S`, written by the store `W`.
#[derive(Clone, Copy)]
pub struct In<P, G, S, W>(PhantomData<fn() -> (P, G, S, W)>);

impl<P, G, S, W> PartialEq for In<P, G, S, W> {
    fn eq(&self, _other: &Self) -> bool {
        true // there is only one value, so that what is generic over formats can be compared
    }
}

impl<P, G, S, W> Eq for In<P, G, S, W> {}

impl<P: StorageDtype, G: StorageDtype, S: StorageDtype, W: Store> Debug for In<P, G, S, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "parameters {}, gradients {}, state {}, {}", P::NAME, G::NAME, S::NAME, W::NAME)
    }
}

impl<P, G, S, W> Formats for In<P, G, S, W>
where
    P: StorageDtype,
    G: WidensTo<P::Arithmetic>,
    S: StorageDtype<Arithmetic = P::Arithmetic>,
    W: Store,
{
    type Parameter = P;
    type Gradient = G;
    type State = S;
    type Store = W;
}
