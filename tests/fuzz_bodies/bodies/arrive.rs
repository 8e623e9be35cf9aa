//! One gradient by itself, to release or to accumulate.

use super::approx::Stored;
use super::flaws::{Key, NAMES, ReleaseFlaw, Tensors};
use super::input::Values;
use super::model::{Came, Model};
use arbitrary::Arbitrary;
use gradus::cpu::Cpu;
use gradus::device::{Beside, Formats};
use gradus::error::Error;
use gradus::optimizer::{Averaging, Releasable, ReleaseStep, Released};
use gradus::shape::Layout;

/// A gradient that comes by itself.
#[derive(Debug, Arbitrary)]
pub(super) struct Arrival {
    is_micro_batch: bool,
    key: Key,
    values: Values,
    flaw: ReleaseFlaw,
}

/// Hands over the gradient, and compares what happens with the model.
pub(super) fn arrive<R, K>(
    arrival: &Arrival,
    step: &mut ReleaseStep<'_, R, K, Released, Cpu>,
    parameters: &mut Tensors<K::Parameter>,
    model: &mut Model,
) where
    R: Averaging + Releasable,
    K: Formats<Parameter: Stored, Gradient: Stored, State: Stored>,
    Beside<K>: Stored,
{
    let Arrival { is_micro_batch, key, ref values, flaw } = *arrival;
    let place = key.place();
    let at = *place.as_ref().unwrap_or(&0);
    let came = &mut model.under_way.as_mut().expect("the step has begun")[at];
    let (tensor, (_, parameter)) = (&mut model.tensors[at], &mut parameters[at]);
    let length = parameter.len();
    let longer = |is_longer: bool| length + usize::from(is_longer);
    let gradient: Vec<K::Gradient> = values.of_length(longer(flaw == ReleaseFlaw::GradientShape));
    let mut given = parameter.clone();
    given.resize(longer(flaw == ReleaseFlaw::ParameterShape), K::Parameter::default());
    let name = tensor.name.to_owned();
    let shape = |length| Box::new(Layout::row_major(&[length]));
    let (expected, found) = (shape(length), shape(length + 1));
    let error = match (place, flaw) {
        (Err(error), _) => Some(error),
        _ if *came == Came::Released => Some(Error::ReleasedTwice { parameter: name }),
        (_, ReleaseFlaw::ParameterShape) if !is_micro_batch => {
            Some(Error::ParameterShape { parameter: name, expected, found })
        }
        (_, ReleaseFlaw::GradientShape) => Some(Error::GradientShape { parameter: name, expected, found }),
        _ => None,
    };

    let copy = gradient.clone();
    let result = match (key, is_micro_batch) {
        (Key::Name(_), true) => step.accumulate(tensor.name, copy),
        (Key::Name(_), false) => step.release(tensor.name, &mut given, copy),
        (Key::UnknownName, true) => step.accumulate("d", copy),
        (Key::UnknownName, false) => step.release("d", &mut given, copy),
        (Key::Place(_), true) => step.accumulate(at, copy),
        (Key::Place(_), false) => step.release(at, &mut given, copy),
        (Key::UnknownPlace(more), true) => step.accumulate(NAMES.len() + usize::from(more), copy),
        (Key::UnknownPlace(more), false) => step.release(NAMES.len() + usize::from(more), &mut given, copy),
    };

    match (result, error) {
        (Ok(()), None) if is_micro_batch => {
            tensor.accumulate::<K>(&model.groups, parameter, &gradient);
            *came = Came::OnlyMicroBatches;
        }
        (Ok(()), None) => {
            tensor.step::<K>(&model.groups, parameter, &gradient, &given);
            *parameter = given;
            *came = Came::Released;
        }
        (Err(refused), Some(error)) => {
            assert_eq!((refused.error, refused.returned), (error, gradient));
            given.truncate(length);
            assert_eq!(format!("{given:?}"), format!("{parameter:?}"));
        }
        (result, error) => panic!("{result:?} instead of {error:?}"),
    }
}
