//! Names, shapes and groups become an optimizer with its state.

use super::builder::Builder;
use super::release::Arrivals;
use super::{Arrival, Group, Optimizer, TensorState, step};
use crate::device::{Device, Formats, LEAF, Number};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::random::{round_keys, tensor_id};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{FieldSet, Of, Rule, Stage};
use core::marker::PhantomData;
use std::collections::HashMap;

/// The label of the group of the parameters that no other group claims.
const DEFAULT_GROUP: &str = "default";

pub(super) fn assemble<R: Rule, K: Formats, A: Arrival, D: Device, P, G, S, W>(
    builder: Builder<R, P, G, S, W, A>,
    device: D,
    describe: impl FnOnce(&mut dyn FnMut(&str, Layout)),
) -> Result<Optimizer<R, K, A, D>> {
    let mut described = Vec::new();
    describe(&mut |name, layout| described.push((name.to_owned(), layout)));
    if described.is_empty() {
        return Err(Error::NoParameters);
    }

    let mut places = HashMap::with_capacity(described.len());
    for (place, (name, _)) in described.iter().enumerate() {
        if places.insert(name.clone(), place).is_some() {
            return Err(Error::DuplicateName { parameter: name.clone() });
        }
    }
    let membership = membership(&builder, &described)?;
    let arrivals = Arrivals::of(described.len());

    let tensors = described
        .into_iter()
        .zip(membership)
        .map(|((name, layout), group)| tensor(&device, name, layout, group))
        .collect::<Result<Vec<_>>>()?;

    let seed = builder.seeds.key();
    let planned = builder.groups.into_iter().map(|plan| (plan.label, plan.rule));
    let groups = core::iter::once((DEFAULT_GROUP.to_owned(), builder.rule))
        .chain(planned)
        .map(|(label, rule)| Group {
            label,
            rule,
            memory: zeros::<<R::Chain as Stage>::Group>(),
            next: zeros::<<R::Chain as Stage>::Group>(),
        })
        .collect();

    Ok(Optimizer {
        device,
        groups,
        tensors,
        places,
        steps: 0,
        seed,
        keys: round_keys(seed),
        arrivals,
        scratch: step::Scratch::new(),
        arrival: PhantomData,
    })
}

/// The group of every parameter: 0 is the default one.
fn membership<R, P, G, S, W, A>(
    builder: &Builder<R, P, G, S, W, A>,
    described: &[(String, Layout)],
) -> Result<Vec<usize>> {
    let label = |group: usize| builder.groups[group - 1].label.clone();
    let mut membership = vec![0; described.len()];
    for (number, plan) in builder.groups.iter().enumerate() {
        let group = number + 1;
        let mut empty = true;
        for ((name, layout), place) in described.iter().zip(&mut membership) {
            if (plan.claims)(name, layout) {
                if *place != 0 {
                    return Err(Error::TwoGroups {
                        parameter: name.clone(),
                        first: label(*place),
                        second: label(group),
                    });
                }
                *place = group;
                empty = false;
            }
        }
        if empty {
            return Err(Error::EmptyGroup { group: label(group) });
        }
    }
    Ok(membership)
}

fn tensor<C: Stage, K: Formats, D: Device>(
    device: &D,
    name: String,
    layout: Layout,
    group: usize,
) -> Result<TensorState<C, K, D>> {
    let length = layout.len();
    let leaves = if C::PASSES == 0 { 0 } else { length.div_ceil(LEAF) };
    Ok(TensorState {
        state: buffers::<C::State, K::State, D>(device, length, &name)?,
        carry: buffers::<<K::Store as Store>::Carry, K::Parameter, D>(device, length, &name)?,
        tensor: buffers::<C::Tensor, Number<K>, D>(device, 1, &name)?,
        own: zeros::<C::Own>(),
        leaves: buffer(device, leaves, &name)?,
        id: tensor_id(&name),
        received: 0,
        name,
        layout,
        group,
    })
}

fn buffers<S: FieldSet, T: StorageDtype, D: Device>(
    device: &D,
    length: usize,
    parameter: &str,
) -> Result<Of<S, D::Buffer<T>>> {
    // A set cannot hold results, so the first failure is kept beside buffers of no length.
    let mut failure = Ok(());
    let set = S::generate(|| match buffer(device, length, parameter) {
        Ok(buffer) => buffer,
        Err(error) => {
            failure = Err(error);
            buffer(device, 0, parameter).expect("no memory is needed for no elements")
        }
    });
    failure.map(|()| set)
}

fn buffer<T: StorageDtype, D: Device>(device: &D, length: usize, parameter: &str) -> Result<D::Buffer<T>> {
    device.zeros(length).ok_or_else(|| Error::OutOfMemory {
        parameter: parameter.to_owned(),
        bytes: length.saturating_mul(size_of::<T>()),
    })
}

fn zeros<S: FieldSet>() -> Of<S, f64> {
    S::generate(|| 0.0)
}
