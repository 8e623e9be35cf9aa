//! Rules that keep a second point beside the parameter: lookahead, schedule-free, averages.
//!
//! An update may be any difference θ − θ'. So a rule that wants the parameter at a certain point is
//! the last stage of its chain: it reads `Input::parameter` and returns the way to that point. It
//! needs no access to the store; the one rounding of the step, and Kahan's carry, come after it.
//!
//! A second point starts where the parameter is. State starts as 0, so the stage must know its first
//! step, and micro-batches do not count: under accumulation they come without a parameter. A counter
//! of the tensor's own ([`Own`](crate::transform::Stage::Own)) says so in `f64` on the host.
//!
//! # Lookahead
//!
//! [`Lookahead`](crate::rule::Lookahead) stands behind the learning rate, reads the fast point as
//! θ − u, and returns the way to the slow weights where it goes back to them. Under Kahan the return is
//! one update like any other: `Input::parameter` contains what is carried, and what the return rounds
//! away is carried whole, so that nothing of the way is walked twice.
//!
//! # Schedule-free
//!
//! [`ScheduleFree`](crate::rule::ScheduleFree) is such a stage: the parameter is y, z is state, and the
//! update is y − y', which does not need x. The sum of weights belongs to the group and advances once
//! per whole step, whichever parameters get gradients: [`Group`](crate::transform::Stage::Group). The
//! counter above says when z starts.
//!
//! # The other point
//!
//! What the state knows of another point than the parameter, [`evaluation`](crate::transform::Stage::evaluation)
//! tells: x for a schedule-free rule, z for [momentum-SAM](crate::rule::MsamLaProp), the average for
//! [`WeightAverage`](crate::rule::WeightAverage), which sees each parameter
//! [as it was written](crate::transform::Stage::after). A state that knows one is declared as
//! `struct NewestPoint: SecondPoint { z }`; chains and options pass that on, so the compiler knows of every
//! optimizer whether it can be moved to a point for evaluation. The optimizer keeps the parameters
//! meanwhile, instead of computing them back: y = x + (1 − β)·(z − x) would be rounded, and a thousand
//! evaluations would add up a thousand roundings. See [`evaluating`](crate::guide::evaluating).
