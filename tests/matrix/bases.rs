//! Adam and its kind in eigenbases.

use super::*;

fn gradients(count: u32) -> Vec<Array2<f64>> {
    (0..count).map(|step| noise(7, 5, 100 + step)).collect()
}

#[test]
fn without_bases_it_is_its_inner_stage_one_gradient_later() {
    let shared: [(&str, Value); 4] =
        [("lr", 0.01.into()), ("beta1", 0.8.into()), ("beta2", 0.9.into()), ("epsilon_form", "floor".into())];
    for (soap, inner) in [("soap", "adamw"), ("solp", "laprop"), ("soap_nadam", "nadam")] {
        let mut without = configured(soap, &shared);
        without.hyperparameters.set("max_precond_dim", 1.0);
        without.hyperparameters.set("eps", 1e-9);
        let mut plain = configured(inner, &shared);
        plain.hyperparameters.set("eps", 1e-9);
        let gradients = gradients(6);
        // The first gradient finds bases of which there are none.
        assert_eq!(moved(&without, &gradients), moved(&plain, &gradients[1..]), "{soap}");
    }
}

#[test]
fn it_turns_with_the_gradients() {
    // Square, so that the first factors have full rank: where they have none, bases are completed at will.
    let (left, right) = (orthogonal(6, 41), orthogonal(6, 51));
    let square: Vec<_> = (0..8).map(|step| noise(6, 6, 200 + step)).collect();
    let turned: Vec<_> = square.iter().map(|gradient| left.dot(gradient).dot(&right)).collect();
    for optimizer in ["soap", "solp", "soap_nadam", "soap_ademamix"] {
        let configuration =
            configured(optimizer, &[("lr", 0.01.into()), ("precondition_frequency", 2.0.into())]);
        let difference =
            moved(&configuration, &turned) - left.dot(&moved(&configuration, &square)).dot(&right);
        // Roundings of 2⁻⁵³, enlarged by the gaps between eigenvalues (above 1e-3 here) in four refreshes.
        assert!(largest(&difference) < 1e-9, "{optimizer}: {}", largest(&difference));
    }
}

#[test]
fn bases_are_refreshed_when_they_should_be() {
    let gradients = gradients(6);
    let with = |refresh: &[(&str, Value)]| {
        let mut all = vec![("lr", Value::from(0.01))];
        all.extend_from_slice(refresh);
        moved(&configured("soap", &all), &gradients)
    };
    let every_second = with(&[("precondition_frequency", 2.0.into())]);
    assert_eq!(every_second, with(&[("refresh", "at".into()), ("refreshed_at", "2,4,6".into())]));
    assert_ne!(every_second, with(&[("precondition_frequency", 3.0.into())]));
    assert_ne!(every_second, with(&[("precondition_frequency", 0.0.into())]));
    // f(1) is 1, and f(2) a billionth more: from there on Σ1/f falls short of whole numbers, so that the
    // second gradient is passed over.
    let scheduled = with(&[("refresh", "scheduled".into())]);
    assert_eq!(scheduled, with(&[("refresh", "at".into()), ("refreshed_at", "1,3,4,5,6".into())]));
}

#[test]
fn degenerate_gradients_leave_everything_finite() {
    let rank_one = noise(7, 1, 1).dot(&noise(1, 5, 2));
    let constant = Array2::from_elem((7, 5), 2.0);
    let zero = Array2::zeros((7, 5));
    let huge = noise(7, 5, 9) * 1e200; // its square overflows
    for first in [&rank_one, &constant, &zero, &huge] {
        for optimizer in ["soap", "solp", "sf_soap"] {
            let configuration =
                configured(optimizer, &[("lr", 0.01.into()), ("precondition_frequency", 1.0.into())]);
            let run =
                [first.clone(), zero.clone(), first.clone(), noise(7, 5, 3), first.clone(), noise(7, 5, 4)];
            let result = moved(&configuration, &run);
            assert!(result.iter().all(|x| x.is_finite()), "{optimizer}: {result}");
        }
    }
}

#[test]
fn nothing_moves_without_gradients() {
    for optimizer in
        ["soap", "solp", "soap_nadam", "soap_ademamix", "sf_soap", "muon", "muon_laprop", "scion"]
    {
        let result = moved(&configured(optimizer, &[]), &vec![Array2::zeros((6, 4)); 4]);
        assert_eq!(result, Array2::<f64>::zeros((6, 4)), "{optimizer}");
    }
}

#[test]
fn it_needs_fewer_steps_than_adamw_where_the_axes_are_turned() {
    let rates = [0.3, 0.1, 0.03, 0.01, 0.003];
    let steps = |optimizer: &str, rate: f64| steps_where_axes_are_turned(optimizer, rate, [8, 6], 1e-3, 3000);
    let best = |optimizer: &str| rates.iter().map(|rate| steps(optimizer, *rate)).min();
    let (soap, adamw) = (best("soap").expect("rates"), best("adamw").expect("rates"));
    assert!(soap < adamw, "{soap} steps against {adamw}");
}
