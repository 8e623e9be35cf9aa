//! Replays recorded trajectories of other packages and reports how far gradus is from them.
//!
//! ```text
//! cargo run --release --example replay -- [--device cpu|cuda] [--json] FILE...
//! ```
//!
//! `cuda` needs `--features cuda`.
//!
//! Exits with 0 if all pass, 1 if not, 2 for a file that cannot be read or a device that is not there.

use gradus::cpu::Cpu;
#[cfg(feature = "cuda")]
use gradus::cuda::Cuda;
use gradus::testing::replay::{Outcome, replay};
use gradus::testing::trajectory::Trajectory;
use lexopt::prelude::*;
use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "usage: replay [--device cpu|cuda] [--json] FILE...";

struct Options {
    files: Vec<PathBuf>,
    json: bool,
    device: AnyDevice,
}

/// A device, chosen at run time.
enum AnyDevice {
    Cpu(Cpu),
    #[cfg(feature = "cuda")]
    Cuda(Cuda),
}

impl AnyDevice {
    fn named(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Ok(Self::Cpu(Cpu::default())),
            #[cfg(feature = "cuda")]
            "cuda" => Cuda::new(0).map(Self::Cuda).map_err(|error| error.to_string()),
            #[cfg(not(feature = "cuda"))]
            "cuda" => Err("this build knows no CUDA; build it with `--features cuda`".to_owned()),
            other => Err(format!("there is no device `{other}`; there are `cpu` and `cuda`")),
        }
    }

    fn replay(&self, trajectory: &Trajectory) -> Outcome {
        match self {
            Self::Cpu(device) => replay(trajectory, device),
            #[cfg(feature = "cuda")]
            Self::Cuda(device) => replay(trajectory, device),
        }
    }
}

fn options() -> Result<Options, lexopt::Error> {
    let mut options = Options { files: Vec::new(), json: false, device: AnyDevice::Cpu(Cpu::default()) };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("json") => options.json = true,
            Long("device") => options.device = AnyDevice::named(&arguments.value()?.string()?)?,
            Long("help") | Short('h') => {
                println!("{USAGE}");
                std::process::exit(0);
            }
            Value(file) => options.files.push(file.into()),
            _ => return Err(argument.unexpected()),
        }
    }
    if options.files.is_empty() {
        return Err("no files to replay".into());
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("replay: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut counts = Counts::default();
    for file in &options.files {
        let trajectory = match Trajectory::read(file) {
            Ok(trajectory) => trajectory,
            Err(error) => {
                eprintln!("replay: {error}");
                return ExitCode::from(2);
            }
        };
        let outcome = options.device.replay(&trajectory);
        counts.add(&outcome);
        if options.json {
            println!("{}", as_json(&trajectory.name, &outcome));
        } else {
            println!("{}", as_line(&trajectory.name, &outcome));
        }
    }
    if !options.json {
        println!("{} passed, {} failed, {} unsupported", counts.pass, counts.fail, counts.unsupported);
    }
    if counts.pass == options.files.len() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

#[derive(Default)]
struct Counts {
    pass: usize,
    fail: usize,
    unsupported: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Pass(_) => self.pass += 1,
            Outcome::Fail(_) => self.fail += 1,
            Outcome::Unsupported(_) => self.unsupported += 1,
        }
    }
}

fn as_line(name: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Pass(worst) => format!("PASS {name} worst={:.3}", worst.ratio),
        Outcome::Fail(worst) => format!(
            "FAIL {name} worst={:.3} step={} parameter={} got={} want={}",
            worst.ratio, worst.step, worst.parameter, worst.got, worst.want
        ),
        Outcome::Unsupported(what) => format!("UNSUPPORTED {name} {what}"),
    }
}

fn as_json(name: &str, outcome: &Outcome) -> serde_json::Value {
    let (status, worst, detail) = match outcome {
        Outcome::Pass(worst) => ("pass", Some(worst.ratio), String::new()),
        Outcome::Fail(worst) => {
            let detail = format!(
                "step {} parameter {} got {} want {}",
                worst.step, worst.parameter, worst.got, worst.want
            );
            ("fail", Some(worst.ratio), detail)
        }
        Outcome::Unsupported(what) => ("unsupported", None, what.clone()),
    };
    serde_json::json!({ "name": name, "status": status, "worst": worst, "detail": detail })
}
