//! How do I stop, and go on as if I had not stopped?
//!
//! ```
//! use gradus::cpu::Cpu;
//! use gradus::optimizer::Build;
//! use gradus::rule::AdamW;
//!
//! # let folder = std::env::temp_dir().join(format!("gradus-guide-{}", std::process::id()));
//! # std::fs::create_dir_all(&folder)?;
//! let file = folder.join("optimizer.safetensors");
//! let mut model = [("body.weight", vec![0.5f32; 6]), ("body.bias", vec![0.0; 2])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &model)?;
//! let gradients = [("body.weight", vec![0.1f32; 6]), ("body.bias", vec![-0.1; 2])];
//! optimizer.step(&mut model, &gradients)?;
//! optimizer.save(&file)?; // and the model, however you save it
//! let saved = model.clone();
//!
//! // Later, in another process:
//! let mut resumed_model = saved;
//! let mut resumed = AdamW::default().build(Cpu::default(), &resumed_model)?;
//! resumed.load(&file)?;
//! optimizer.step(&mut model, &gradients)?;
//! resumed.step(&mut resumed_model, &gradients)?;
//! assert_eq!(model, resumed_model); // to the last bit
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is in it
//!
//! Everything that a step reads beside parameters and gradients: state and what the store carries, numbers of
//! tensors and groups, counters, the scale of the loss, the seed, the hyperparameters as they were last set.
//! Schedules need nothing of their own: they follow the number of the step. **Parameters are not in it**: they
//! are yours, so save them with the model, in training in their own format.
//!
//! A checkpoint may be taken between any two calls: also after micro-batches, when the gradient that moves
//! the parameters is yet to come (end the step with `finish` first), and at the point for evaluation, where it
//! holds the parameters at the point for training, too.
//!
//! The file is [safetensors](https://huggingface.co/docs/safetensors), so that anything that opens such files
//! shows it: `body.weight/first` is a tensor of the shape of the parameter, the rest stands in the metadata.
//! Bytes follow from the state alone: equal states are equal files.
//!
//! # It is whole, or it is not loaded
//!
//! | What may happen | What is done about it |
//! |---|---|
//! | The process is killed in the middle of saving | the old file is there until the new one is complete and on the disk |
//! | The file was cut off, or a bit has changed | a digest of all of it is compared before anything is believed |
//! | A later version of the library wrote it | refused by its number |
//! | Another rule, format, store, shape, group, seed | refused; the message names it, the optimizer stays as it was |
//! | The same rule, told otherwise: another kind of decay, say | the same, with the settings of both |
//! | A parameter is missing, new, or called otherwise | the same |
//! | The file is made to do harm | lengths are compared with the file before memory is asked for |
//!
//! The messages say what to write if the difference is intended: [`Loading`](crate::checkpoint::Loading) has a
//! method for each.
//!
//! ```
//! # use gradus::cpu::Cpu;
//! # use gradus::optimizer::Build;
//! # use gradus::rule::AdamW;
//! use gradus::checkpoint::Loading;
//!
//! # let model = [("body.weight", vec![0.5f32; 6]), ("body.bias", vec![0.0; 2])];
//! # let mut file = std::io::Cursor::new(Vec::new());
//! # AdamW::default().build(Cpu::default(), &model)?.save_into(&mut file)?;
//! // Fine-tuning: the body is called otherwise, its bias is gone, and there is a head.
//! let model = [("trunk.weight", vec![0.5f32; 6]), ("head.weight", vec![0.0; 2])];
//! let mut optimizer = AdamW::default().build(Cpu::default(), &model)?;
//! let error = optimizer.load_from(&mut file, &Loading::exactly()).unwrap_err().to_string();
//! assert!(error.contains("no state for `trunk.weight`, `head.weight`"));
//!
//! let loading = Loading::exactly().rename("body.weight", "trunk.weight").ignore_missing().ignore_extra();
//! let loaded = optimizer.load_from(&mut file, &loading)?;
//! assert_eq!((loaded.missing, loaded.extra), (vec!["head.weight".into()], vec!["body.bias".into()]));
//! # Ok::<(), gradus::error::Error>(())
//! ```
//!
//! Hyperparameters come back as they were. To change one, change it after loading, with
//! [`rule_mut`](crate::optimizer::Optimizer::rule_mut), or load with
//! [`keep_hyperparameters`](crate::checkpoint::Loading::keep_hyperparameters).
//!
//! Parameters are found by name, so their order may differ. What sums over all tensors, such as the norm for
//! a clip, adds in the order of the set: for equal bits keep it.
//!
//! Of [several rules over one model](crate::optimizer::Routed) each has a file of its own:
//! `pair.claimed().save(..)` and `pair.others().save(..)`, and the way back with `claimed_mut` and `others_mut`.
//!
//! # Other places than a file
//!
//! [`save_into`](crate::optimizer::Optimizer::save_into) and
//! [`load_from`](crate::optimizer::Optimizer::load_from) take anything that can be written and read with
//! `std::io` and can seek: memory within a `Cursor`, to be sent elsewhere. Within a process a
//! [`snapshot`](crate::optimizer::Optimizer::snapshot) is enough.
//!
//! # From torch, and back
//!
//! torch numbers parameters, so a few lines of Python name them:
//!
//! ```python
//! from safetensors.torch import load_file, save_file
//!
//! names = [name for name, _ in model.named_parameters()]  # in the order that the optimizer was given
//! tensors = {}
//! for number, state in optimizer.state_dict()["state"].items():
//!     for field in ("exp_avg", "exp_avg_sq", "step"):
//!         tensors[f"{names[number]}/{field}"] = state[field].float().contiguous()
//! save_file(tensors, "torch.safetensors")
//! ```
//!
//! [`torch::read`](crate::checkpoint::torch::read) and [`torch::import`](crate::checkpoint::torch::import) take it
//! from there into an [`Adam`](crate::rule::Adam) or [`AdamW`](crate::rule::AdamW);
//! [`torch::export`](crate::checkpoint::torch::export) and [`torch::write`](crate::checkpoint::torch::write) are the
//! way back. torch keeps its moments as sums, this library divided by their weights, so what changes hands is
//! rounded once.
