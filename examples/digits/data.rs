//! The digits: 8×8 pixels and a class, 1437 to train with and 360 to test with.

use crate::random::Random;
use flate2::read::GzDecoder;
use ndarray::{Array2, Axis};
use std::io::Read;

const FILE: &[u8] = include_bytes!("../data/digits.csv.gz");
const TRAINING: usize = 1437;

/// How many pixels a picture has.
pub const PIXELS: usize = 8 * 8;
/// How many digits there are.
pub const CLASSES: usize = 10;

/// Pictures with the digits that they show.
pub struct Batch {
    /// A picture per row, pixels in 0..=1.
    pub pictures: Array2<f32>,
    /// The digit on each picture.
    pub labels: Vec<usize>,
}

/// All pictures.
pub struct Digits {
    pub training: Batch,
    pub test: Batch,
}

impl Digits {
    /// Unpacks the file that lies in this program.
    pub fn load() -> Self {
        let mut text = String::new();
        GzDecoder::new(FILE).read_to_string(&mut text).expect("the embedded file is intact");
        let lines: Vec<_> = text.lines().collect();
        let (training, test) = lines.split_at(TRAINING);
        Self { training: Batch::parse(training), test: Batch::parse(test) }
    }
}

impl Batch {
    fn parse(lines: &[&str]) -> Self {
        let mut pictures = Array2::zeros((lines.len(), PIXELS));
        let mut labels = Vec::with_capacity(lines.len());
        for (line, mut picture) in lines.iter().zip(pictures.rows_mut()) {
            let mut numbers = line.split(',').map(|number| number.parse::<u8>().expect("0..=16"));
            for (pixel, number) in picture.iter_mut().zip(&mut numbers) {
                *pixel = f32::from(number) / 16.0;
            }
            labels.push(numbers.next().expect("the class follows the pixels").into());
        }
        Self { pictures, labels }
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The pictures with these numbers.
    pub fn select(&self, numbers: &[usize]) -> Self {
        let labels = numbers.iter().map(|&number| self.labels[number]).collect();
        Self { pictures: self.pictures.select(Axis(0), numbers), labels }
    }

    /// The same pictures with noise on every pixel, so that they are not learned by heart.
    pub fn with_noise(mut self, random: &mut Random) -> Self {
        self.pictures.mapv_inplace(|pixel| pixel + 0.3 * random.symmetric());
        self
    }

    /// Neighbouring pictures in `parts` parts of nearly the same size.
    pub fn split(&self, parts: usize) -> impl Iterator<Item = Self> {
        let numbers: Vec<_> = (0..self.len()).collect();
        let size = self.len().div_ceil(parts);
        (0..parts).map(move |part| self.select(&numbers[part * size..self.len().min((part + 1) * size)]))
    }
}
