//! The store on one group: target, the one rounding, and what is taken note of.

use super::group::{Group, pick, place};
use super::noise::Drawn;
use super::simd::Vectors;
use super::tile::{Carry, TILE};
use crate::device::{Beside, Formats};
use crate::dtype::StorageDtype;
use crate::random::PARAMETER_STREAM;
use crate::store::{Rounding, Store};
use crate::transform::{FieldSet, Of, Stage};

/// Writes the parameter of a group. Returns it as it is now known, as written, plus what is carried; if nobody looks
/// back, it may be as it would be without rounding.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn parameter<C, K, V>(
    vectors: V,
    memory: &mut [K::Parameter; TILE],
    carried: &mut Of<Carry<K>, &mut [Beside<K>; TILE]>,
    group: &Group<C, K, V>,
    at: usize,
    (random, looks_back): (&Drawn<V>, bool),
) -> V::Group
where
    C: Stage,
    K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>,
    V: Vectors,
{
    let (parameter, update) = (group.parameter.as_ref(), group.update.as_ref());
    let mut carry = Carry::<K>::map(
        Carry::<K>::each_ref(&group.carry),
        #[inline(always)]
        |group| *group,
    );
    let mut target = vectors.zeros();
    for (i, target) in target.as_mut().iter_mut().enumerate() {
        *target = K::Store::target(parameter[i], update[i], &pick::<Carry<K>, V>(&carry, i));
    }
    if K::Store::CORRECTS {
        return corrected::<K, V>(vectors, memory, carried, &target, at, (random, looks_back));
    }
    match K::Store::ROUNDING {
        Rounding::Nearest => vectors.round(&target, memory, at),
        Rounding::Stochastic => {
            let (bits, by) = random.stream(PARAMETER_STREAM);
            vectors.round_stochastically(&target, bits, by, memory, at);
        }
    }
    if <Carry<K> as FieldSet>::COUNT == 0 && !looks_back {
        return target;
    }
    let mut stored = vectors.widen(memory, at);
    for (i, stored) in stored.as_mut().iter_mut().enumerate() {
        let mut element = pick::<Carry<K>, V>(&carry, i);
        K::Store::settle(parameter[i], update[i], *stored, &mut element);
        *stored = K::Store::known(*stored, &element);
        place::<Carry<K>, V>(&mut carry, i, element);
    }
    Carry::<K>::map(
        Carry::<K>::zip(Carry::<K>::each_mut(carried), carry),
        #[inline(always)]
        |(memory, field)| vectors.round(&field, memory, at),
    );
    stored
}

/// The target in two places, as [`parameter`] returns it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn corrected<K, V>(
    vectors: V,
    memory: &mut [K::Parameter; TILE],
    carried: &mut Of<Carry<K>, &mut [Beside<K>; TILE]>,
    target: &V::Group,
    at: usize,
    (random, looks_back): (&Drawn<V>, bool),
) -> V::Group
where
    K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>,
    V: Vectors,
{
    let random = match K::Store::ROUNDING {
        Rounding::Nearest => None,
        Rounding::Stochastic => Some(random.stream(PARAMETER_STREAM)),
    };
    let mut written = *target;
    Carry::<K>::map(
        Carry::<K>::each_mut(carried),
        #[inline(always)]
        |beside| {
            vectors.split::<K::Store, _>(target, random, memory, beside, at);
            if looks_back {
                written = vectors.join::<K::Store, _>(memory, beside, at);
            }
        },
    );
    written
}
