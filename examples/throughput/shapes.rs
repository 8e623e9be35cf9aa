//! The models whose shapes are stepped.

use std::str::FromStr;

/// Shapes with a name.
pub(crate) struct Shapes {
    pub(crate) name: String,
    pub(crate) tensors: Vec<Vec<usize>>,
}

impl Shapes {
    /// One of the built-in models.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let repeated = |counts: &[(usize, &[usize])]| -> Vec<Vec<usize>> {
            counts.iter().flat_map(|(count, shape)| vec![shape.to_vec(); *count]).collect()
        };
        let tensors = match name {
            "big" => repeated(&[(2, &[4096, 4096])]),
            "many" => repeated(&[(256, &[256, 256]), (512, &[256])]),
            "small" => repeated(&[(8, &[256, 256]), (16, &[256])]),
            "medium" => repeated(&[(4, &[1024, 1024])]),
            "gpt2" => gpt2(),
            _ => return None,
        };
        Some(Self { name: name.to_owned(), tensors })
    }

    /// The elements of all tensors together.
    pub(crate) fn elements(&self) -> usize {
        self.tensors.iter().map(|shape| shape.iter().product::<usize>()).sum()
    }
}

/// GPT-2 small: 148 tensors, 124 million parameters.
fn gpt2() -> Vec<Vec<usize>> {
    const WIDTH: usize = 768;
    let layer = [
        vec![WIDTH],
        vec![WIDTH],
        vec![WIDTH, 3 * WIDTH],
        vec![3 * WIDTH],
        vec![WIDTH, WIDTH],
        vec![WIDTH],
        vec![WIDTH],
        vec![WIDTH],
        vec![WIDTH, 4 * WIDTH],
        vec![4 * WIDTH],
        vec![4 * WIDTH, WIDTH],
        vec![WIDTH],
    ];
    let mut tensors = vec![vec![50257, WIDTH], vec![1024, WIDTH]];
    tensors.extend((0..12).flat_map(|_| layer.clone()));
    tensors.extend([vec![WIDTH], vec![WIDTH]]);
    tensors
}

impl FromStr for Shapes {
    type Err = String;

    /// A name, or a file with a shape such as `768x3072` on each line.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(shapes) = Self::named(text) {
            return Ok(shapes);
        }
        let content = std::fs::read_to_string(text).map_err(|error| {
            format!("`{text}` is none of big, many, gpt2, small, medium, and no file: {error}")
        })?;
        let shape = |(number, line): (usize, &str)| {
            let lengths = line.split('x').map(|length| length.trim().parse::<usize>());
            let lengths = lengths.collect::<Result<Vec<_>, _>>();
            let elements = lengths.as_deref().ok().and_then(|shape| {
                shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length))
            });
            let wrong = || {
                format!("{text}, line {}: `{line}` is no shape; write lengths such as 768x3072", number + 1)
            };
            elements.ok_or_else(wrong).and_then(|_| lengths.map_err(|_| wrong()))
        };
        let lines = content.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let tensors = lines.map(shape).collect::<Result<Vec<_>, _>>()?;
        if tensors.is_empty() {
            return Err(format!("{text} has no shape in it"));
        }
        Ok(Self { name: text.to_owned(), tensors })
    }
}
