//! How fast a step is, as a ratio to a plain loop over the same memory in the same run.
//!
//! ```text
//! cargo run --release --example throughput -- [--optimizer NAME] [--dtype f32|bf16|f16|f64]
//!     [--state-dtype FORMAT] [--store nearest|kahan|stochastic|corrected8|corrected16]
//!     [--shapes big|many|gpt2|small|medium|FILE] [--device cpu|cuda] [--threads N]
//!     [--clip-global-norm LIMIT] [--matrix-precision full|bf16] [--config FILE] [--list] [--json]
//! ```
//!
//! On CUDA (`--features cuda`) the plain loop is a copy within the device's memory that moves as many bytes, and what
//! the host takes to enqueue a step is said, too.
//!
//! For a rule that works on matrices it says in addition what a step takes that leaves bases or factors as they
//! are, what one takes more that refreshes them, and which share of the former is matrix work: what goes beyond the
//! plain loop.

#[cfg(feature = "cuda")]
mod copies;
mod limit;
mod matrices;
mod options;
mod passes;
mod plain;
mod shapes;

use gradus::catalogue::{Boxed, CatalogueDevice, Catalogued, Format};
use gradus::cpu::Cpu;
#[cfg(feature = "cuda")]
use gradus::cuda::Cuda;
use gradus::dtype::Arithmetic;
use gradus::error::{Error, Result};
use gradus::optimizer::Build;
use gradus::real::Real;
use gradus::rule::{AdamW, Lion, Sgd};
use half::{bf16, f16};
use limit::Limit;
use options::{Options, Place};
use std::process::ExitCode;
use std::time::Instant;

/// What was measured.
struct Measured {
    parameters: usize,
    median_ms: f64,
    bytes_per_parameter: f64,
    state_bytes_per_parameter: f64,
    limit_ms: f64,
    /// What the host takes to enqueue a step, where that is not all of it.
    enqueue_us: Option<f64>,
    parts: Option<matrices::Parts>,
}

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("throughput: {error}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    let measured = match options.place {
        Place::Cpu => on_cpu(&options),
        #[cfg(feature = "cuda")]
        Place::Cuda => on_cuda(&options),
        #[cfg(not(feature = "cuda"))]
        Place::Cuda => unreachable!("the command line has been refused"),
    };
    match measured {
        Ok(measured) => {
            report(&options, &measured);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("throughput: {error}");
            ExitCode::from(2)
        }
    }
}

fn refused(option: &str, with: &str) -> Error {
    let because = "it is measured for adamw, lion and sgd in f32";
    Error::Combination { option: option.to_owned(), with: with.to_owned(), because }
}

/// Named tensors of a device.
pub(crate) type Tensors<T, D> = Vec<(String, <D as gradus::device::MakesTensors>::Tensor<T>)>;

/// Runs something in the format of the parameters.
macro_rules! in_format {
    ($options:ident, $measure:ident) => {
        match ($options.format, $options.clip_global_norm) {
            (Format::F32, Some(limit)) => $measure::<f32>($options, &|device, parameters| {
                clipped(&$options.optimizer, limit, device, parameters)
            }),
            (format, Some(_)) => Err(refused("`--clip-global-norm`", format.name())),
            (Format::F64, None) => $measure::<f64>($options, &|device, set| $options.build(device, set)),
            (Format::F32, None) => $measure::<f32>($options, &|device, set| $options.build(device, set)),
            (Format::Bf16, None) => $measure::<bf16>($options, &|device, set| $options.build(device, set)),
            (Format::F16, None) => $measure::<f16>($options, &|device, set| $options.build(device, set)),
            (format, None) => Err(Error::Combination {
                option: "parameters".to_owned(),
                with: format!("the format {}", format.name()),
                because: "an optimizer of the catalogue keeps corrections apart: use `--store corrected8`",
            }),
        }
    };
}

/// Builds an optimizer for some tensors.
type BuildWith<'a, T, D> = &'a dyn Fn(D, &Tensors<T, D>) -> Result<Boxed<T, D>>;

fn on_cpu(options: &Options) -> Result<Measured> {
    fn measured<T: Catalogued>(options: &Options, build: BuildWith<'_, T, Cpu>) -> Result<Measured> {
        let device = Cpu::with_threads(options.threads)?;
        let (parameters, gradients) = tensors::<T, _>(options, &device)?;
        let parts = matrices::parts(options, &parameters, &gradients)?;
        let limit = |streams: &plain::Streams| -> Result<Box<dyn Limit>> {
            Ok(Box::new(plain::Plain::new(streams, &options.shapes, options.threads)?))
        };
        Ok(Measured { parts, ..measure(options, &device, (parameters, gradients), build, &limit)? })
    }
    in_format!(options, measured)
}

#[cfg(feature = "cuda")]
fn on_cuda(options: &Options) -> Result<Measured> {
    fn measured<T: Catalogued>(options: &Options, build: BuildWith<'_, T, Cuda>) -> Result<Measured> {
        let device = Cuda::new(0)?;
        let elements = options.shapes.elements();
        let limit = |streams: &plain::Streams| -> Result<Box<dyn Limit>> {
            Ok(Box::new(copies::Copies::new(device.clone(), elements * streams.bytes())?))
        };
        measure(options, &device, tensors::<T, _>(options, &device)?, build, &limit)
    }
    in_format!(options, measured)
}

/// A rule whose gradients are clipped by their joint norm.
fn clipped<D: CatalogueDevice>(
    name: &str,
    limit: f64,
    device: D,
    parameters: &Tensors<f32, D>,
) -> Result<Boxed<f32, D>> {
    Ok(match name {
        "adamw" => Box::new(AdamW::default().clip_global_norm(limit).build(device, parameters)?),
        "lion" => Box::new(Lion::default().clip_global_norm(limit).build(device, parameters)?),
        "sgd" => Box::new(Sgd::default().clip_global_norm(limit).build(device, parameters)?),
        other => return Err(refused("`--clip-global-norm`", other)),
    })
}

/// Parameters and gradients of ordinary size: none of the formats overflows or becomes subnormal.
fn tensors<T: Catalogued, D: CatalogueDevice>(
    options: &Options,
    device: &D,
) -> Result<(Tensors<T, D>, Tensors<T, D>)> {
    let tensors = |scale: f64, period: usize| -> Result<Tensors<T, D>> {
        // Spread out, so that a matrix of them has full rank.
        let spread = |i: usize| (i.wrapping_mul(2_654_435_761) >> 11) % period;
        let value = |i: usize| T::round(T::Arithmetic::constant(scale * (1.0 + spread(i) as f64)));
        let tensor = |(i, shape): (usize, &Vec<usize>)| {
            let values: Vec<_> = (0..shape.iter().product()).map(value).collect();
            Ok((format!("tensor.{i}"), device.tensor(shape, &values)?))
        };
        options.shapes.tensors.iter().enumerate().map(tensor).collect()
    };
    Ok((tensors(0.01, 97)?, tensors(-0.001, 89)?))
}

fn measure<T: Catalogued, D: CatalogueDevice>(
    options: &Options,
    device: &D,
    (mut parameters, gradients): (Tensors<T, D>, Tensors<T, D>),
    build: BuildWith<'_, T, D>,
    limit: &dyn Fn(&plain::Streams) -> Result<Box<dyn Limit>>,
) -> Result<Measured> {
    let mut optimizer = build(device.clone(), &parameters)?;
    let elements = options.shapes.elements();
    let state_bytes = optimizer.state_bytes() as f64 / elements as f64;
    let carried = options.store.carried_bytes::<T>();
    let streams = plain::Streams {
        parameter: size_of::<T>(),
        gradient: size_of::<T>(),
        state: options.state_format.bytes(),
        fields: options.fields::<T>()?,
        carried,
        passes: {
            let of_clip = options.clip_global_norm.map(|_| passes::GRADIENT);
            passes::of(&options.optimizer, optimizer.passes()).into_iter().chain(of_clip).collect()
        },
    };
    // Where steps are only enqueued, several of them are timed together.
    let batch = match options.place {
        Place::Cpu => 1,
        Place::Cuda => 10,
    };
    // Step and plain loop take turns, so that both see the same machine.
    let mut limit = limit(&streams)?;
    let (mut steps, mut limits, mut enqueued) = (Vec::new(), Vec::new(), Vec::new());
    let begin = Instant::now();
    optimizer.step(&mut parameters, &gradients)?;
    limit.run()?;
    device.wait()?;
    while steps.len() < 5 || (steps.len() < 101 && begin.elapsed().as_secs_f64() < options.seconds) {
        let start = Instant::now();
        for _ in 0..batch {
            optimizer.step(&mut parameters, &gradients)?;
        }
        enqueued.push(start.elapsed().as_secs_f64() / f64::from(batch));
        device.wait()?;
        steps.push(start.elapsed().as_secs_f64() / f64::from(batch));
        let start = Instant::now();
        for _ in 0..batch {
            limit.run()?;
        }
        device.wait()?;
        limits.push(start.elapsed().as_secs_f64() / f64::from(batch));
    }
    for (_, tensor) in &parameters {
        assert!(device.fetch(tensor)?.iter().all(|value| value.widen().to_f64().is_finite()));
    }
    Ok(Measured {
        parameters: elements,
        median_ms: median(steps) * 1e3,
        bytes_per_parameter: streams.bytes() as f64,
        state_bytes_per_parameter: state_bytes,
        limit_ms: median(limits) * 1e3,
        enqueue_us: (options.place == Place::Cuda).then(|| median(enqueued) * 1e6),
        parts: None,
    })
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn report(options: &Options, measured: &Measured) {
    let bytes = measured.bytes_per_parameter * measured.parameters as f64;
    let (rate, limit) = (bytes / measured.median_ms / 1e6, bytes / measured.limit_ms / 1e6);
    if options.json {
        let mut object = serde_json::json!({
            "optimizer": options.optimizer, "dtype": options.format.name(),
            "state_dtype": options.state_format.name(), "store": options.store.name(),
            "shapes": options.shapes.name, "device": options.place.name(), "threads": options.threads,
            "parameters": measured.parameters, "median_ms": measured.median_ms,
            "bytes_per_parameter": measured.bytes_per_parameter,
            "state_bytes_per_parameter": measured.state_bytes_per_parameter,
            "gb_per_s": rate, "limit_gb_per_s": limit, "ratio": rate / limit,
        });
        if let Some(enqueue_us) = measured.enqueue_us {
            object["enqueue_us"] = enqueue_us.into();
        }
        if let Some(parts) = &measured.parts {
            object["steady_ms"] = parts.steady_ms.into();
            object["refresh_ms"] = parts.refresh_ms.into();
            object["matrix_share"] = measured.matrix_share(parts).into();
        }
        println!("{object}");
        return;
    }
    println!(
        "{} {} state {} {} on {}: {:.2} ms a step, {} B per parameter ({} of state), {:.1} GB/s; plain loop {:.1} GB/s; ratio {:.2}",
        options.optimizer,
        options.format.name(),
        options.state_format.name(),
        options.store.name(),
        options.shapes.name,
        measured.median_ms,
        measured.bytes_per_parameter,
        measured.state_bytes_per_parameter,
        rate,
        limit,
        rate / limit,
    );
    if let Some(enqueue_us) = measured.enqueue_us {
        println!("{enqueue_us:.1} µs of the host to enqueue it");
    }
    if let Some(parts) = &measured.parts {
        let share = 100.0 * measured.matrix_share(parts);
        let matrices::Parts { steady_ms, refresh_ms } = parts;
        println!(
            "{steady_ms:.2} ms without a refresh, {refresh_ms:.2} ms more with one; {share:.0} % on matrices"
        );
    }
}

impl Measured {
    /// The share of a step that goes beyond the plain loop.
    fn matrix_share(&self, parts: &matrices::Parts) -> f64 {
        (1.0 - self.limit_ms / parts.steady_ms).max(0.0)
    }
}
