//! Rows out of a tensor and back.

use super::Cpu;
use crate::device::{Entry, Rows};
use crate::dtype::StorageDtype;

impl Rows for Cpu {
    fn resize<T: StorageDtype>(&self, buffer: &mut Vec<T>, length: usize) {
        buffer.resize(length, T::default());
    }

    fn gather<T: StorageDtype>(&self, from: &[T], rows: &[usize], width: usize, into: &mut [T]) {
        assert_eq!(into.len(), rows.len() * width, "room for all rows");
        for (place, row) in rows.iter().enumerate() {
            into[place * width..][..width].copy_from_slice(&from[row * width..][..width]);
        }
    }

    fn scatter<T: StorageDtype>(&self, from: &[T], rows: &[usize], width: usize, into: &mut [T]) {
        assert_eq!(from.len(), rows.len() * width, "elements of all rows");
        for (place, row) in rows.iter().enumerate() {
            into[row * width..][..width].copy_from_slice(&from[place * width..][..width]);
        }
    }

    fn sum_rows<T: StorageDtype>(&self, values: &[T], entries: &[Entry], width: usize, into: &mut [T]) {
        let mut summed = 0;
        for entries in entries.chunk_by(|left, right| left.row == right.row) {
            let into = &mut into[summed * width..][..width];
            match entries {
                [alone] => into.copy_from_slice(&values[alone.place * width..][..width]),
                several => {
                    for (column, sum) in into.iter_mut().enumerate() {
                        let numbers =
                            several.iter().map(|entry| values[entry.place * width + column].widen());
                        *sum =
                            T::round(numbers.reduce(|sum, number| sum + number).expect("there are several"));
                    }
                }
            }
            summed += 1;
        }
        assert_eq!(into.len(), summed * width, "room for all sums");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::bf16;

    #[test]
    fn sums_are_rounded_once() {
        let small = bf16::from_f32(1.0 / 256.0); // half of the distance from 1 to the next number
        let values = [small, bf16::ONE, bf16::ONE, small, small];
        let entry = |row, place| Entry { row, place };
        let entries = [entry(0, 1), entry(0, 3), entry(0, 4), entry(5, 0), entry(5, 2)];
        let mut sums = [bf16::ZERO; 2];
        Cpu::default().sum_rows(&values, &entries, 1, &mut sums);
        assert_eq!(sums.map(bf16::to_f32), [1.0 + 1.0 / 128.0, 1.0]);
    }

    #[test]
    fn rows_come_back_where_they_were() {
        let (cpu, table) = (Cpu::default(), [1, 2, 3, 4, 5, 6, 7, 8].map(|x| x as f32));
        let (mut some, mut back) = ([0.0; 4], [0.0; 8]);
        cpu.gather(&table, &[0, 3], 2, &mut some);
        assert_eq!(some, [1.0, 2.0, 7.0, 8.0]);
        cpu.scatter(&some, &[0, 3], 2, &mut back);
        assert_eq!(back, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0]);
    }
}
