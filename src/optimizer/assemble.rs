//! Names, shapes and groups become an optimizer with its state.

use super::builder::Builder;
use super::extras::Extras;
use super::group::{Group, Scheduled};
use super::grouping::{Condition, GroupPlan, Plan, SchedulePlan};
use super::loss_scale::LossScale;
use super::matrix::MatrixState;
use super::memory::plan_of;
use super::release::Arrivals;
use super::scratch::Scratch;
use super::survey::Survey;
use super::{Arrival, Optimizer, TensorState};
use crate::device::{Beside, Device, Formats, LEAF, Lines, Number};
use crate::dtype::StorageDtype;
use crate::error::{Error, Result};
use crate::random::{round_keys, tensor_id};
use crate::shape::Layout;
use crate::store::Store;
use crate::transform::{
    AxesOf, ChainOf, Counts, Description, ElementsOf, FieldSet, Held, MatrixNeeds, Of, Rule, Stage,
    TensorNeeds, tunable_names,
};
use core::marker::PhantomData;
use std::collections::HashMap;
use std::sync::Arc;

/// The label of the group of the parameters that no other group claims.
const DEFAULT_GROUP: &str = "default";

/// The label of the parameters that stay as they are.
pub(super) const FROZEN_GROUP: &str = "frozen";

/// The label of the group of the parameters without weight decay.
const UNDECAYED_GROUP: &str = "undecayed";

pub(super) fn assemble<R: Rule, K: Formats, A: Arrival, D: Device, P, G, S, W, X: Extras>(
    builder: &Builder<R, P, G, S, W, A, X>,
    device: D,
    described: Vec<(String, Layout)>,
) -> Result<Optimizer<X::Around<R>, K, A, D>> {
    let Assembled { groups, members, places, survey } = Assembled::of(builder, &described)?;
    let seed = builder.plan.seeds.key();
    let arrivals = Arrivals::of(described.len());
    let plans: Vec<_> = members
        .iter()
        .zip(&described)
        .map(|(member, (_, layout))| member.and_then(|group| plan_of(&groups[group].base.chain(), layout)))
        .collect();
    let needs = described.iter().zip(&plans).filter_map(|((name, layout), plan)| {
        plan.as_ref().map(|plan| TensorNeeds::of(name, layout.len(), plan))
    });
    let needs = MatrixNeeds { format: <Number<K> as StorageDtype>::FORMAT, tensors: needs.collect() };
    let workspace = (!needs.tensors.is_empty()).then(|| device.workspace(&needs)).transpose()?.map(Arc::new);
    let mut ranks = needs.ranks().into_iter();
    let tensors = described
        .into_iter()
        .zip(members)
        .zip(plans)
        .map(|(((name, layout), member), plan)| {
            let matrix = plan.zip(workspace.clone()).map(|(plan, workspace)| {
                let rank = ranks.next().expect("one for each plan");
                MatrixState::new(&device, &name, &layout, plan, (rank, workspace))
            });
            tensor(
                &device,
                name,
                layout,
                (member, &groups[member.unwrap_or(0)].description()),
                matrix.transpose()?,
            )
        })
        .collect::<Result<Vec<_>>>()?;

    Ok(Optimizer {
        device,
        groups,
        tensors,
        places,
        steps: 0,
        seed,
        keys: round_keys(seed),
        arrivals,
        scratch: Scratch::new(),
        survey,
        on_device: None,
        kept: Vec::new(),
        types: PhantomData,
    })
}

/// Everything that is known before memory is allocated.
pub(super) struct Assembled<R: Rule> {
    pub(super) groups: Vec<Group<R>>,
    /// The number of its group for each parameter; [`None`] for one that stays as it is.
    pub(super) members: Vec<Option<usize>>,
    places: HashMap<String, usize>,
    survey: Survey,
}

impl<Around: Rule> Assembled<Around> {
    pub(super) fn of<R: Rule, P, G, S, W, A, X: Extras<Around<R> = Around>>(
        builder: &Builder<R, P, G, S, W, A, X>,
        described: &[(String, Layout)],
    ) -> Result<Self> {
        if described.is_empty() {
            return Err(Error::NoParameters);
        }
        let mut places = HashMap::with_capacity(described.len());
        for (place, (name, _)) in described.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return Err(Error::DuplicateName { parameter: name.clone() });
            }
        }
        let Builder { rule, groups, plan, extras, .. } = builder;
        let clip = plan.joint_clip()?;
        let scale = plan.loss_scaling.map(LossScale::new).transpose()?;
        let survey = Survey::new(clip, plan.nonfinite, scale);

        let members = members(groups, plan, described)?;
        let groups = rules(rule, groups, plan, &members)?;
        let groups = groups
            .into_iter()
            .map(|(label, rule, schedules)| Group::new(label, extras.around(rule), schedules))
            .collect::<Result<Vec<_>>>()?;
        check_joint(&groups)?;
        let number = |member| match member {
            Member::Of(group) => Some(group),
            Member::Undecayed => Some(groups.len() - 1),
            Member::Frozen => None,
        };
        let members = members.into_iter().map(number).collect();
        Ok(Self { groups, members, places, survey })
    }
}

/// Refuses groups whose rules differ about statistics over all tensors, which are taken once for all.
fn check_joint<R: Rule>(groups: &[Group<R>]) -> Result<()> {
    let joint = |group: &Group<R>| {
        let passes = (0..<ChainOf<R> as Stage>::PASSES).filter(|pass| group.chain.joins_of(*pass));
        passes.map(|pass| (pass, group.chain.fold_of(pass), group.chain.part_of(pass))).collect::<Vec<_>>()
    };
    match groups.iter().find(|group| joint(group) != joint(&groups[0])) {
        None => Ok(()),
        Some(group) => Err(Error::Combination {
            option: format!("the rule of group `{}`", group.label),
            with: format!("that of group `{}`", groups[0].label),
            because: "one number is taken over all tensors, and the two take it at different places",
        }),
    }
}

/// The names and layouts of all parameters.
pub(super) fn described(describe: impl FnOnce(&mut dyn FnMut(&str, Layout))) -> Vec<(String, Layout)> {
    let mut described = Vec::new();
    describe(&mut |name, layout| described.push((name.to_owned(), layout)));
    described
}

/// Where a parameter belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// To a group; 0 is the default one.
    Of(usize),
    /// To that of the parameters without weight decay, which is the last.
    Undecayed,
    /// To none: it stays as it is.
    Frozen,
}

/// Where every parameter belongs.
fn members<R>(groups: &[GroupPlan<R>], plan: &Plan, described: &[(String, Layout)]) -> Result<Vec<Member>> {
    let label = |group: usize| groups[group - 1].label.clone();
    let fits = |conditions: &[Condition], name: &str, layout: &Layout| {
        conditions.iter().any(|condition| condition(name, layout))
    };
    let mut claimed = vec![false; groups.len()];
    let mut members = Vec::with_capacity(described.len());
    for (name, layout) in described {
        if fits(&plan.frozen, name, layout) {
            members.push(Member::Frozen);
            continue;
        }
        let mut member = 0;
        for (number, group) in groups.iter().enumerate() {
            if (group.claims)(name, layout) {
                claimed[number] = true;
                if member != 0 {
                    let (first, second) = (label(member), label(number + 1));
                    return Err(Error::TwoGroups { parameter: name.clone(), first, second });
                }
                member = number + 1;
            }
        }
        members.push(match member {
            0 if fits(&plan.undecayed, name, layout) => Member::Undecayed,
            0 if plan.no_default_group => {
                let (parameter, layout) = (name.clone(), layout.clone().into());
                return Err(Error::NoGroup { parameter, layout, groups: labels(groups) });
            }
            group => Member::Of(group),
        });
    }
    match claimed.iter().position(|claimed| !claimed) {
        Some(group) => Err(Error::EmptyGroup { group: label(group + 1) }),
        None => Ok(members),
    }
}

fn labels<R>(groups: &[GroupPlan<R>]) -> String {
    groups.iter().map(|group| format!("`{}`", group.label)).collect::<Vec<_>>().join(", ")
}

/// Label, rule and schedules of every group: the default one, those of the user, the undecayed one.
fn rules<R: Rule>(
    default: &R,
    groups: &[GroupPlan<R>],
    plan: &Plan,
    members: &[Member],
) -> Result<Vec<(String, R, Vec<Scheduled>)>> {
    let undecayed = if plan.undecayed.is_empty() { None } else { Some(undecayed(default.clone())?) };
    let mut list = vec![(DEFAULT_GROUP.to_owned(), default.clone())];
    list.extend(groups.iter().map(|group| (group.label.clone(), group.rule.clone())));
    if let (Some(rule), true) = (undecayed, members.contains(&Member::Undecayed)) {
        list.push((UNDECAYED_GROUP.to_owned(), rule));
    }
    for (place, (label, _)) in list.iter().enumerate() {
        // Frozen parameters stand under that label in reports and snapshots.
        if label == FROZEN_GROUP || list[..place].iter().any(|(other, _)| other == label) {
            return Err(Error::DuplicateGroup { group: label.clone() });
        }
    }
    for group in plan.schedules.iter().filter_map(|schedule| schedule.group.as_ref()) {
        if !list.iter().any(|(label, _)| label == group) {
            let groups = list.iter().map(|(label, _)| format!("`{label}`")).collect::<Vec<_>>().join(", ");
            return Err(Error::UnknownGroup { group: group.clone(), groups });
        }
    }
    let with_schedules = |(label, rule): (String, R)| {
        let schedules = schedules(plan, &label, &rule);
        (label, rule, schedules)
    };
    Ok(list.into_iter().map(with_schedules).collect())
}

/// The schedules of a group: its own, and those of all groups for what it does not schedule itself.
fn schedules<R: Rule>(plan: &Plan, label: &str, rule: &R) -> Vec<Scheduled> {
    // What has no weight decay has none to schedule.
    let has = |schedule: &&SchedulePlan| label != UNDECAYED_GROUP || schedule.name != WEIGHT_DECAY;
    // A rule that is data may be another one in each group.
    let known = tunable_names(|visit| rule.clone().tune(visit));
    let fits = |schedule: &&SchedulePlan| label == DEFAULT_GROUP || known.contains(&schedule.name.as_str());
    let own = plan.schedules.iter().filter(|schedule| schedule.group.as_deref() == Some(label));
    let own_names: Vec<_> = own.clone().map(|schedule| &schedule.name).collect();
    let shared = plan.schedules.iter().filter(|schedule| schedule.group.is_none());
    let shared = shared.filter(|schedule| !own_names.contains(&&schedule.name)).filter(fits);
    let scheduled = own.chain(shared).filter(has);
    scheduled.map(|plan| Scheduled { name: plan.name.clone(), schedule: plan.schedule.clone() }).collect()
}

/// The field of a rule that says how much weights decay.
const WEIGHT_DECAY: &str = "weight_decay";

/// The rule without weight decay.
fn undecayed<R: Rule>(mut rule: R) -> Result<R> {
    let known = tunable_names(|visit| rule.clone().tune(visit));
    let mut result = None;
    rule.tune(&mut |name, number| {
        if name == WEIGHT_DECAY {
            result = Some(number.set(0.0));
        }
    });
    result.ok_or_else(|| Error::not_tunable(WEIGHT_DECAY, &known))?.map(|()| rule)
}

fn tensor<C: Stage, K: Formats, D: Device>(
    device: &D,
    name: String,
    layout: Layout,
    (member, description): (Option<usize>, &Description),
    matrix: Option<MatrixState<K, D>>,
) -> Result<TensorState<C, K, D>> {
    const { assert!(C::CUTS <= 2, "a chain works through one matrix rule at most") };
    let elements = |counts: &Counts| counts.state;
    let by_axis = |counts: &Counts| counts.axes;
    let numbers = |counts: &Counts| counts.tensor;
    let on_host = |counts: &Counts| counts.own;
    let own = description.generate::<C::Own, _>(on_host, || 0.0);
    let chain = description;
    let length = if member.is_some() { layout.len() } else { 0 };
    let lines = Lines::of(&layout);
    let (of_lines, room) = if member.is_some() { (lines.count(), lines.room(length)) } else { (0, 0) };
    Ok(TensorState {
        state: buffers::<ElementsOf<C>, K::State, D>(device, (length, chain, elements), &name)?,
        axes: buffers::<AxesOf<C>, Number<K>, D>(device, (of_lines, chain, by_axis), &name)?,
        room: buffers::<AxesOf<C>, Number<K>, D>(device, (room, chain, by_axis), &name)?,
        lines,
        carry: buffers::<<K::Store as Store>::Carry, Beside<K>, D>(device, (length, chain, elements), &name)?,
        tensor: buffers::<C::Tensor, Number<K>, D>(
            device,
            (usize::from(member.is_some()), chain, numbers),
            &name,
        )?,
        own,
        matrix,
        next: chain.generate::<C::Own, _>(on_host, || 0.0),
        taking_part: false,
        made: 0,
        leaves: buffer(device, leaves_of(chain.passes, length), &name)?,
        id: tensor_id(&name),
        received: 0,
        name,
        layout,
        group: member.unwrap_or(0),
        frozen: member.is_none(),
    })
}

/// The leaves of the sums over a tensor, if there are such sums.
pub(super) fn leaves_of(passes: usize, length: usize) -> usize {
    if passes == 0 { 0 } else { length.div_ceil(LEAF) }
}

fn buffers<S: FieldSet, T: StorageDtype, D: Device>(
    device: &D,
    (length, chain, kind): (usize, &Description, impl Fn(&Counts) -> usize),
    parameter: &str,
) -> Result<Of<S, D::Buffer<T>>> {
    buffers_like::<S, _, T, D>(device, &chain.generate::<S, _>(kind, || ()), length, parameter)
}

/// As many buffers of a length as another set has values.
pub(super) fn buffers_like<S: FieldSet, X: Held, T: StorageDtype, D: Device>(
    device: &D,
    other: &Of<S, X>,
    length: usize,
    parameter: &str,
) -> Result<Of<S, D::Buffer<T>>> {
    // A set cannot hold results, so the first failure is kept beside buffers of no length.
    let mut failure = Ok(());
    let set = S::map(S::each_ref(other), |_| match buffer(device, length, parameter) {
        Ok(buffer) => buffer,
        Err(error) => {
            failure = Err(error);
            buffer(device, 0, parameter).expect("no memory is needed for no elements")
        }
    });
    failure.map(|()| set)
}

pub(super) fn buffer<T: StorageDtype, D: Device>(
    device: &D,
    length: usize,
    parameter: &str,
) -> Result<D::Buffer<T>> {
    device.zeros(length).ok_or_else(|| Error::OutOfMemory {
        parameter: parameter.to_owned(),
        bytes: length.saturating_mul(size_of::<T>()),
    })
}
