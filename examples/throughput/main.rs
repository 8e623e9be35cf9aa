//! How fast a step is, as a ratio to a plain loop over the same memory in the same run.
//!
//! ```text
//! cargo run --release --example throughput -- [--optimizer NAME] [--dtype f32|bf16|f16|f64]
//!     [--state-dtype FORMAT] [--store nearest|kahan|stochastic|corrected8|corrected16]
//!     [--shapes big|many|gpt2|small|medium|FILE] [--device cpu] [--threads N]
//!     [--clip-global-norm LIMIT] [--config FILE] [--list] [--json]
//! ```
//!
//! For a rule that works on matrices it says in addition what a step takes that leaves bases or factors as they
//! are, what one takes more that refreshes them, and which share of the former is matrix work: what goes beyond the
//! plain loop.

mod matrices;
mod options;
mod passes;
mod plain;
mod shapes;

use gradus::catalogue::{Boxed, Catalogued, Format};
use gradus::cpu::Cpu;
use gradus::dtype::Arithmetic;
use gradus::error::{Error, Result};
use gradus::optimizer::Build;
use gradus::real::Real;
use gradus::rule::{AdamW, Lion, Sgd};
use half::{bf16, f16};
use ndarray::ArrayD;
use options::Options;
use std::process::ExitCode;
use std::time::Instant;

/// What was measured.
struct Measured {
    parameters: usize,
    median_ms: f64,
    bytes_per_parameter: f64,
    state_bytes_per_parameter: f64,
    limit_ms: f64,
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
    let measured = match (options.format, options.clip_global_norm) {
        (Format::F32, Some(limit)) => measure::<f32>(&options, &|device, parameters| {
            clipped(&options.optimizer, limit, device, parameters)
        }),
        (format, Some(_)) => Err(refused("`--clip-global-norm`", format.name())),
        (Format::F64, None) => measure::<f64>(&options, &|device, set| options.build(device, set)),
        (Format::F32, None) => measure::<f32>(&options, &|device, set| options.build(device, set)),
        (Format::Bf16, None) => measure::<bf16>(&options, &|device, set| options.build(device, set)),
        (Format::F16, None) => measure::<f16>(&options, &|device, set| options.build(device, set)),
        (format, None) => Err(Error::Combination {
            option: "parameters".to_owned(),
            with: format!("the format {}", format.name()),
            because: "an optimizer of the catalogue keeps corrections apart: use `--store corrected8`",
        }),
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

/// Named tensors.
type Tensors<T> = Vec<(String, ArrayD<T>)>;

/// A rule whose gradients are clipped by their joint norm.
fn clipped(name: &str, limit: f64, device: Cpu, parameters: &Tensors<f32>) -> Result<Boxed<f32>> {
    Ok(match name {
        "adamw" => Box::new(AdamW::default().clip_global_norm(limit).build(device, parameters)?),
        "lion" => Box::new(Lion::default().clip_global_norm(limit).build(device, parameters)?),
        "sgd" => Box::new(Sgd::default().clip_global_norm(limit).build(device, parameters)?),
        other => return Err(refused("`--clip-global-norm`", other)),
    })
}

fn measure<T: Catalogued>(
    options: &Options,
    build: &dyn Fn(Cpu, &Tensors<T>) -> Result<Boxed<T>>,
) -> Result<Measured> {
    let device = Cpu::with_threads(options.threads)?;
    // Values of ordinary size: none of the formats overflows or becomes subnormal.
    let tensors = |scale: f64, period: usize| -> Tensors<T> {
        // Spread out, so that a matrix of them has full rank.
        let spread = |i: usize| (i.wrapping_mul(2_654_435_761) >> 11) % period;
        let value = |i: usize| T::round(T::Arithmetic::constant(scale * (1.0 + spread(i) as f64)));
        let array = |shape: &[usize]| {
            let count = shape.iter().product();
            ArrayD::from_shape_vec(shape, (0..count).map(value).collect())
                .expect("as many values as the shape has")
        };
        options
            .shapes
            .tensors
            .iter()
            .enumerate()
            .map(|(i, shape)| (format!("tensor.{i}"), array(shape)))
            .collect()
    };
    let mut parameters = tensors(0.01, 97);
    let gradients = tensors(-0.001, 89);
    let parts = matrices::parts(options, &parameters, &gradients)?;
    let mut optimizer = build(device, &parameters)?;

    let elements: usize = parameters.iter().map(|(_, tensor)| tensor.len()).sum();
    let state_bytes = optimizer.state_bytes() as f64 / elements as f64;
    let carried = options.store.carried_bytes::<T>();
    let streams = plain::Streams {
        parameter: size_of::<T>(),
        gradient: size_of::<T>(),
        state: options.state_format.bytes(),
        fields: optimizer.state_fields().len(),
        carried,
        passes: {
            let of_clip = options.clip_global_norm.map(|_| passes::GRADIENT);
            passes::of(&options.optimizer, optimizer.passes()).into_iter().chain(of_clip).collect()
        },
    };
    // Step and plain loop take turns, so that both see the same machine.
    let mut plain = plain::Plain::new(&streams, &options.shapes, options.threads)?;
    let (mut steps, mut limits) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    optimizer.step(&mut parameters, &gradients)?;
    plain.run();
    while steps.len() < 5 || (steps.len() < 101 && begin.elapsed().as_secs_f64() < options.seconds) {
        let start = Instant::now();
        optimizer.step(&mut parameters, &gradients)?;
        steps.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        plain.run();
        limits.push(start.elapsed().as_secs_f64());
    }
    assert!(
        parameters.iter().all(|(_, tensor)| tensor.iter().all(|value| value.widen().to_f64().is_finite()))
    );
    Ok(Measured {
        parameters: elements,
        median_ms: median(steps) * 1e3,
        bytes_per_parameter: streams.bytes() as f64,
        state_bytes_per_parameter: state_bytes,
        limit_ms: median(limits) * 1e3,
        parts,
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
            "shapes": options.shapes.name, "device": "cpu", "threads": options.threads,
            "parameters": measured.parameters, "median_ms": measured.median_ms,
            "bytes_per_parameter": measured.bytes_per_parameter,
            "state_bytes_per_parameter": measured.state_bytes_per_parameter,
            "gb_per_s": rate, "limit_gb_per_s": limit, "ratio": rate / limit,
        });
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
