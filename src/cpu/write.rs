//! What a step writes of a group: the state, and the parameter as its store has it, with its target, its one rounding
//! and what is taken note of.

use super::group::{Group, pick, place};
use super::noise::{Drawn, STREAMS};
use super::simd::Vectors;
use super::tile::{Carry, TILE};
use crate::device::{Beside, Formats};
use crate::dtype::{Format, StorageDtype};
use crate::random::PARAMETER_STREAM;
use crate::store::{Rounding, Store};
use crate::transform::{FieldSet, Of, Stage};

/// Whether all numbers that are kept by element are bf16, if the state has so many fields.
pub(super) const fn all_bf16<K: Formats>(fields: usize) -> bool {
    matches!(K::Parameter::FORMAT, Format::Bf16)
        && matches!(K::Gradient::FORMAT, Format::Bf16)
        && (matches!(K::State::FORMAT, Format::Bf16) || fields == 0)
        && !K::Store::CORRECTS
}

/// How many streams of random bits are drawn for a parameter and so many fields of its state.
pub(super) const fn streams<K: Formats>(fields: usize) -> u32 {
    let draws_state = !K::State::EXACT && fields > 0;
    assert!(!draws_state || fields < STREAMS, "too many fields for the random streams");
    let draws_parameter = matches!(K::Store::ROUNDING, Rounding::Stochastic) && !K::Parameter::EXACT;
    match (draws_state, draws_parameter) {
        (true, _) => PARAMETER_STREAM + 1 + fields as u32,
        (false, true) => PARAMETER_STREAM + 1,
        (false, false) => 0,
    }
}

/// Writes a field of the state of a group, with the bits of a stream if its format is not exact.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) fn field<K, V>(
    vectors: V,
    numbers: &V::Group,
    memory: &mut [K::State; TILE],
    at: usize,
    (random, stream): (&Drawn<V>, u32),
) where
    K: Formats<Parameter: StorageDtype<Arithmetic = V::Arithmetic>>,
    V: Vectors,
{
    if K::State::EXACT {
        vectors.round(numbers, memory, at);
    } else {
        let (bits, by) = random.stream(stream);
        vectors.round_stochastically(numbers, bits, by, memory, at);
    }
}

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
