//! Options about groups of parameters: hyperparameters of their own, schedules, frozen parameters.

use super::builder::{Builder, Seeds};
use super::loss_scale::LossScaling;
use super::survey::Nonfinite;
use crate::clip::JointClip;
use crate::error::Result;
use crate::hyperparameter::Limit;
use crate::schedule::Schedule;
use crate::shape::Layout;

/// A condition on a parameter's name and layout.
pub(super) type Condition = Box<dyn Fn(&str, &Layout) -> bool + Send + Sync>;

/// A group as the user describes it.
pub(super) struct GroupPlan<R> {
    pub(super) label: String,
    pub(super) claims: Condition,
    pub(super) rule: R,
}

/// What is decided beside types and rules.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) seeds: Seeds,
    /// Whether every parameter must be claimed by a group.
    pub(super) no_default_group: bool,
    pub(super) frozen: Vec<Condition>,
    pub(super) undecayed: Vec<Condition>,
    pub(super) schedules: Vec<SchedulePlan>,
    pub(super) clip: Option<(fn(Limit) -> JointClip, f64)>,
    pub(super) nonfinite: Nonfinite,
    pub(super) loss_scaling: Option<LossScaling>,
}

/// A schedule as the user describes it.
pub(super) struct SchedulePlan {
    /// The label of its group; all groups without one.
    pub(super) group: Option<String>,
    pub(super) name: String,
    pub(super) schedule: Schedule,
}

/// What is decided about all gradients before a step, as data.
#[cfg(feature = "catalogue")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policies {
    pub(crate) clip_global_norm: Option<f64>,
    pub(crate) skips_nonfinite: bool,
    pub(crate) refuses_nonfinite: bool,
    pub(crate) loss_scaling: Option<LossScaling>,
}

impl Plan {
    /// The clip of all gradients together, if its limit is valid.
    pub(super) fn joint_clip(&self) -> Result<Option<JointClip>> {
        self.clip.map(|(clip, limit)| Limit::new(limit).map(clip)).transpose()
    }
}

impl<R, P, G, S, W, A, X> Builder<R, P, G, S, W, A, X> {
    /// Decides about all gradients, for a caller that has checked which options fit together.
    #[cfg(feature = "catalogue")]
    pub(crate) fn with_policies(mut self, policies: Policies) -> Self {
        let clip: fn(Limit) -> JointClip = JointClip::Norm;
        self.plan.clip = policies.clip_global_norm.map(|limit| (clip, limit));
        self.plan.nonfinite = match policies {
            Policies { refuses_nonfinite: true, .. } => Nonfinite::RefusesTheStep,
            Policies { skips_nonfinite: true, .. } => Nonfinite::SkipsTheStep,
            _ => Nonfinite::Propagates,
        };
        self.plan.loss_scaling = policies.loss_scaling;
        self
    }

    /// Gives the parameters for which `condition` holds a rule with other hyperparameters.
    ///
    /// Conditions are functions of name and layout; [`select`](super::select) has the usual ones. A
    /// parameter that no group claims is in the group `default`, with the rule that the builder
    /// began with.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::AdamW;
    ///
    /// let parameters = [("embedding.weight", vec![1.0f32; 6]), ("layer.bias", vec![0.0; 2])];
    /// let slow = AdamW { learning_rate: LearningRate::new(1e-5)?, ..AdamW::default() };
    /// let optimizer = AdamW::default()
    ///     .group("embedding", select::named("embedding.*"), slow)
    ///     .build(Cpu::default(), &parameters)?;
    /// assert_eq!(optimizer.groups().map(|group| group.label).collect::<Vec<_>>(), ["default", "embedding"]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn group(
        mut self,
        label: impl Into<String>,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
        rule: R,
    ) -> Self {
        self.groups.push(GroupPlan { label: label.into(), claims: Box::new(condition), rule });
        self
    }

    /// Makes it an error if a parameter is in no group: there is no default one.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::Lion;
    ///
    /// let parameters = [("weight", vec![1.0f32; 6]), ("scale", vec![0.0; 2])];
    /// let builder = Lion::default().group("weights", select::named("weight*"), Lion::default());
    /// let error = builder.every_parameter_in_a_group().build(Cpu::default(), &parameters).unwrap_err();
    /// assert_eq!(error.to_string(), "parameter `scale` [2] is in no group; the groups are `weights`");
    /// ```
    pub fn every_parameter_in_a_group(mut self) -> Self {
        self.plan.no_default_group = true;
        self
    }

    /// Leaves out weight decay for the parameters for which `condition` holds: usually
    /// [`vectors_and_biases`](super::select::vectors_and_biases).
    ///
    /// They form a group `undecayed`, with the rule and the schedules of the default one. What
    /// another group claims stays there.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::{Tunable, WeightDecay};
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::AdamW;
    /// use ndarray::Array2;
    ///
    /// let parameters = [("weight", Array2::<f32>::ones((2, 3)).into_dyn()), ("bias", Array2::zeros((1, 3)).into_dyn())];
    /// let builder = AdamW::default().without_decay(select::vectors_and_biases());
    /// let optimizer = builder.build(Cpu::default(), &parameters)?;
    /// let decay: Vec<_> = optimizer.groups().map(|group| (group.label, group.rule.weight_decay.number())).collect();
    /// assert_eq!(decay, [("default", 0.01), ("undecayed", 0.0)]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn without_decay(
        mut self,
        condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.plan.undecayed.push(Box::new(condition));
        self
    }

    /// Keeps the parameters for which `condition` holds as they are: they have no state, and their
    /// gradients, if there are any, are not looked at.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::optimizer::{Build, select};
    /// use gradus::rule::AdamW;
    ///
    /// let mut parameters = [("backbone.weight", vec![1.0f32; 6]), ("head.weight", vec![1.0; 2])];
    /// let mut optimizer = AdamW::default().freeze(select::named("backbone.*")).build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("backbone.weight", None), ("head.weight", Some(vec![1.0f32; 2]))])?;
    /// assert_eq!((parameters[0].1[0], optimizer.state_bytes()), (1.0, 2 * 2 * 4));
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn freeze(mut self, condition: impl Fn(&str, &Layout) -> bool + Send + Sync + 'static) -> Self {
        self.plan.frozen.push(Box::new(condition));
        self
    }

    /// Multiplies a hyperparameter of every group by a schedule over whole steps.
    ///
    /// `name` is a field of the rule: `learning_rate`, `weight_decay`, ... What it is multiplied with
    /// is the value in the rule, so that groups with other rates keep their ratio. A group's own
    /// schedule of the same hyperparameter takes the place of this one.
    ///
    /// ```
    /// use gradus::cpu::Cpu;
    /// use gradus::hyperparameter::LearningRate;
    /// use gradus::optimizer::Build;
    /// use gradus::rule::Sgd;
    /// use gradus::schedule::Schedule;
    ///
    /// let mut parameters = [("x", vec![0.0f32])];
    /// let rule = Sgd { learning_rate: LearningRate::new(8.0)?, ..Sgd::default() };
    /// let mut optimizer =
    ///     rule.schedule("learning_rate", Schedule::constant(0.25)?).build(Cpu::default(), &parameters)?;
    /// optimizer.step(&mut parameters, &[("x", vec![1.0f32])])?;
    /// assert_eq!(parameters[0].1, [-2.0]);
    /// # Ok::<(), gradus::error::Error>(())
    /// ```
    pub fn schedule(mut self, name: impl Into<String>, schedule: Schedule) -> Self {
        self.plan.schedules.push(SchedulePlan { group: None, name: name.into(), schedule });
        self
    }

    /// Multiplies a hyperparameter of one group by a schedule over whole steps; see
    /// [`schedule`](Self::schedule).
    pub fn schedule_group(
        mut self,
        group: impl Into<String>,
        name: impl Into<String>,
        schedule: Schedule,
    ) -> Self {
        self.plan.schedules.push(SchedulePlan { group: Some(group.into()), name: name.into(), schedule });
        self
    }
}
