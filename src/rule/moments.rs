//! The five hyperparameters that rules with two averages share, and the rule made of them.

/// Declares a rule with the hyperparameters of the stage `$scale`, which has `first`, `second` and
/// `epsilon`, and with `$core` made of that stage.
macro_rules! rule_of_moments {
    (
        $(#[$doc:meta])*
        $name:ident, rate = $rate:literal,
        |$made:ident: $scale:ident $(, $extra:ident: $stage:ident)?| -> $core:ty { $make:expr }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            #[doc = concat!("γ. Default ", stringify!($rate), ".")]
            pub learning_rate: $crate::hyperparameter::LearningRate,
            #[doc = concat!("β₁, the weight of the old average. Default: that of [`", stringify!($scale), "`].")]
            pub first: $crate::hyperparameter::Decay,
            #[doc = concat!("β₂, the weight of the old average of squares. Default: that of [`", stringify!($scale), "`].")]
            pub second: $crate::hyperparameter::SecondDecay,
            #[doc = concat!("ε, keeps the denominator from zero. Default: that of [`", stringify!($scale), "`].")]
            pub epsilon: $crate::hyperparameter::Epsilon,
            $(#[doc = concat!("The stage [`", stringify!($stage), "`].")]
            pub $extra: $stage,)?
            /// λ and its kind. Default: none.
            pub weight_decay: $crate::hyperparameter::WeightDecay,
        }

        impl Default for $name {
            fn default() -> Self {
                let scale = $scale::default();
                Self {
                    learning_rate: $crate::hyperparameter::LearningRate::checked($rate),
                    first: scale.first,
                    second: scale.second,
                    epsilon: scale.epsilon,
                    $($extra: $stage::default(),)?
                    weight_decay: $crate::hyperparameter::WeightDecay::NONE,
                }
            }
        }

        impl $crate::transform::Rule for $name {
            type Direction = $crate::transform::Chain<$crate::rule::AddDecay, $core>;
            type Finish = $crate::rule::Decayed;
            $crate::tunables!(learning_rate, first, second, epsilon, weight_decay);

            fn direction(&self) -> Self::Direction {
                let Self { first, second, epsilon, weight_decay, .. } = *self;
                $(let $extra = self.$extra;)?
                let $made = $scale { first, second, epsilon };
                $crate::rule::regularized($make, weight_decay)
            }

            fn finish(&self) -> $crate::rule::Decayed {
                $crate::rule::decayed(self.weight_decay)
            }
        }
    };
}

pub(super) use rule_of_moments;
