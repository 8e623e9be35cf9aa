//! Rows out of a tensor and back.

use super::Cpu;
use crate::device::{Chosen, Rows};
use crate::dtype::StorageDtype;
use crate::error::Result;

impl Rows for Cpu {
    type Indices = ();

    fn send_indices(&self, _: &mut Chosen<Self>) -> Result<()> {
        Ok(())
    }

    fn resize<T: StorageDtype>(&self, buffer: &mut Vec<T>, length: usize) -> Result<()> {
        buffer.resize(length, T::default());
        Ok(())
    }

    fn gather<T: StorageDtype>(
        &self,
        from: &[T],
        Chosen { rows, .. }: &Chosen<Self>,
        width: usize,
        into: &mut [T],
    ) -> Result<()> {
        assert_eq!(into.len(), rows.len() * width, "room for all rows");
        for (place, row) in rows.iter().enumerate() {
            into[place * width..][..width].copy_from_slice(&from[row * width..][..width]);
        }
        Ok(())
    }

    fn scatter<T: StorageDtype>(
        &self,
        from: &[T],
        Chosen { rows, .. }: &Chosen<Self>,
        width: usize,
        into: &mut [T],
    ) -> Result<()> {
        assert_eq!(from.len(), rows.len() * width, "elements of all rows");
        for (place, row) in rows.iter().enumerate() {
            into[row * width..][..width].copy_from_slice(&from[place * width..][..width]);
        }
        Ok(())
    }

    fn sum_rows<T: StorageDtype>(
        &self,
        values: &[T],
        Chosen { entries, .. }: &Chosen<Self>,
        width: usize,
        into: &mut [T],
    ) -> Result<()> {
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
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use half::bf16;

    /// Rows that have been chosen.
    fn chosen(rows: &[usize]) -> Chosen<Cpu> {
        let mut chosen = Chosen::default();
        chosen.choose(&Cpu::default(), rows).expect("there is nothing to send");
        chosen
    }

    #[test]
    fn sums_are_rounded_once() {
        let small = bf16::from_f32(1.0 / 256.0); // half of the distance from 1 to the next number
        let values = [small, bf16::ONE, bf16::ONE, small, small];
        let mut sums = [bf16::ZERO; 2];
        let chosen = chosen(&[5, 0, 5, 0, 0]);
        Cpu::default().sum_rows(&values, &chosen, 1, &mut sums).expect("they fit");
        assert_eq!(sums.map(bf16::to_f32), [1.0 + 1.0 / 128.0, 1.0]);
    }

    #[test]
    fn rows_come_back_where_they_were() {
        let (cpu, table) = (Cpu::default(), [1, 2, 3, 4, 5, 6, 7, 8].map(|x| x as f32));
        let (mut some, mut back) = ([0.0; 4], [0.0; 8]);
        let chosen = chosen(&[3, 0]);
        cpu.gather(&table, &chosen, 2, &mut some).expect("they fit");
        assert_eq!(some, [1.0, 2.0, 7.0, 8.0]);
        cpu.scatter(&some, &chosen, 2, &mut back).expect("they fit");
        assert_eq!(back, [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 7.0, 8.0]);
    }
}
