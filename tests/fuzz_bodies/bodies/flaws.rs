//! Arguments that must be refused, and the error that must come.

use super::approx::Stored;
use arbitrary::Arbitrary;
use gradus::device::Formats;
use gradus::error::Error;
use gradus::optimizer::Snapshot;
use gradus::shape::Layout;

pub(super) type Tensors<T> = Vec<(String, Vec<T>)>;
pub(super) type Gradients<T> = Vec<(String, Option<Vec<T>>)>;

/// The parameters' names.
pub(super) const NAMES: [&str; 3] = ["a", "b", "c"];
/// The tensor with other hyperparameters.
pub(super) const OTHER: usize = 1;

/// What is wrong with what an optimizer is built for.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(super) enum BuildFlaw {
    None,
    NoParameters,
    DuplicateName,
    TwoGroups,
    EmptyGroup,
}

impl BuildFlaw {
    /// Puts the flaw into the parameters, if it belongs there.
    pub(super) fn apply<T>(self, parameters: &mut Tensors<T>) -> Option<Error> {
        match self {
            Self::None => None,
            Self::NoParameters => {
                parameters.clear();
                Some(Error::NoParameters)
            }
            Self::DuplicateName => {
                parameters[2].0 = NAMES[0].to_owned();
                Some(Error::DuplicateName { parameter: NAMES[0].to_owned() })
            }
            Self::TwoGroups => {
                let [parameter, first, second] = [NAMES[OTHER], "other", "again"].map(str::to_owned);
                Some(Error::TwoGroups { parameter, first, second })
            }
            Self::EmptyGroup => Some(Error::EmptyGroup { group: "nobody".to_owned() }),
        }
    }
}

/// What is wrong with the arguments of a joint step.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum StepFlaw {
    None,
    SwappedParameters,
    FewerParameters,
    MoreParameters,
    ParameterShape(u8),
    FewerGradients,
    MoreGradients,
    SwappedGradients,
    GradientShape(u8),
}

impl StepFlaw {
    pub(super) fn apply<P: Stored, G: Stored>(
        self,
        parameters: &mut Tensors<P>,
        gradients: &mut Gradients<G>,
    ) -> Option<Error> {
        let count = NAMES.len();
        Some(match self {
            Self::None => return None,
            Self::SwappedParameters => {
                parameters.swap(0, 1);
                Error::ParameterOrder { place: 0, expected: NAMES[0].into(), found: NAMES[1].into() }
            }
            Self::FewerParameters => {
                parameters.pop();
                Error::ParameterCount { expected: count, found: count - 1 }
            }
            Self::MoreParameters => {
                parameters.push(("d".to_owned(), vec![P::of(1.0)]));
                Error::ParameterCount { expected: count, found: count + 1 }
            }
            Self::ParameterShape(place) => {
                let (name, values) = &mut parameters[usize::from(place) % count];
                let expected = Box::new(Layout::row_major(&[values.len()]));
                values.push(P::of(1.0));
                Error::ParameterShape {
                    parameter: name.clone(),
                    expected,
                    found: Box::new(Layout::row_major(&[values.len()])),
                }
            }
            Self::FewerGradients => {
                let last = gradients.pop().expect("there are three");
                Error::MissingGradient { parameters: vec![last.0] }
            }
            Self::MoreGradients => {
                gradients.push(("d".to_owned(), None));
                Error::UnknownGradient { name: "d".to_owned() }
            }
            Self::SwappedGradients => {
                gradients.swap(1, 2);
                Error::GradientOrder { place: 1, expected: NAMES[1].into(), found: NAMES[2].into() }
            }
            Self::GradientShape(place) => {
                let place = usize::from(place) % count;
                let (name, gradient) = &mut gradients[place];
                let expected = Box::new(Layout::row_major(&[parameters[place].1.len()]));
                let found = Box::new(Layout::row_major(&[parameters[place].1.len() + 1]));
                *gradient = Some(vec![G::of(1.0); parameters[place].1.len() + 1]);
                Error::GradientShape { parameter: name.clone(), expected, found }
            }
        })
    }
}

/// What is wrong with what a gradient by itself comes with.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(super) enum ReleaseFlaw {
    None,
    ParameterShape,
    GradientShape,
}

/// Which parameter a gradient by itself is for.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub(super) enum Key {
    Name(u8),
    Place(u8),
    UnknownName,
    UnknownPlace(u8),
}

impl Key {
    /// The place of the parameter, or the error.
    pub(super) fn place(self) -> Result<usize, Error> {
        let known = "`a`, `b`, `c`".to_owned();
        match self {
            Self::Name(place) | Self::Place(place) => Ok(usize::from(place) % NAMES.len()),
            Self::UnknownName => Err(Error::UnknownParameter { asked: "`d`".to_owned(), known }),
            Self::UnknownPlace(more) => {
                let place = NAMES.len() + usize::from(more);
                Err(Error::UnknownParameter { asked: format!("in place {place}"), known })
            }
        }
    }
}

/// What is wrong with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Arbitrary)]
pub(super) enum SnapshotFlaw {
    None,
    Seed,
    GroupLabel,
    FewerGroups,
    FewerTensors,
    Name,
    Shape,
    GroupOfTensor,
    FewerFields,
    FieldLength,
    CarryLength,
}

impl SnapshotFlaw {
    /// Whether there is something wrong now.
    pub(super) fn apply<K: Formats<Parameter: Stored, State: Stored>>(
        self,
        snapshot: &mut Snapshot<K>,
    ) -> bool {
        let last = snapshot.tensors.last_mut().expect("there are three");
        match self {
            Self::None => return false,
            Self::Seed => snapshot.seed ^= 1 << 40,
            Self::GroupLabel => snapshot.groups[1].label.push('s'),
            Self::FewerGroups => drop(snapshot.groups.pop()),
            Self::FewerTensors => drop(snapshot.tensors.pop()),
            Self::Name => last.name.push('s'),
            Self::Shape => last.layout = Layout::row_major(&[1, last.layout.len()]),
            Self::GroupOfTensor => last.group = snapshot.groups[1].label.clone(),
            Self::FewerFields => drop(last.state.pop()),
            Self::FieldLength => last.state[0].1.push(K::State::of(1.0)),
            Self::CarryLength => match last.carry.first_mut() {
                Some((_, values)) => values.push(Default::default()),
                None => return false,
            },
        }
        true
    }
}
