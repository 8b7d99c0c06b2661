"""All causes in causal order: the first that is found is the answer, and all that are found are told.

    name, score (the order), mark, check

EXACT causes are proved at one point. The others need trials, and are asked only when the training has not learned its data.
"""

from __future__ import annotations

from microgradnp.doctor.causes import code, course, data, start
from microgradnp.doctor.causes.finding import Row
from microgradnp.doctor.facts import EXACT, MEASURED, TRIED

AT_ONE_POINT = [
    Row("rows_misaligned", 95, EXACT, code.rows_misaligned),
    Row("wrong_gradient", 94, EXACT, code.wrong_gradient),
    Row("parameter_not_trained", 93, EXACT, code.parameter_not_trained),
    Row("optimizer_bug", 92, EXACT, code.optimizer_bug),
    Row("targets_broadcast", 91.5, EXACT, code.targets_broadcast),
    Row("softmax_wrong_axis", 91, EXACT, code.softmax_wrong_axis),
    Row("softmax_twice", 90, EXACT, code.softmax_twice),
    Row("labels_malformed", 89, EXACT, code.labels_malformed),
    Row("targets_out_of_range", 88, EXACT, code.targets_out_of_range),
    Row("evaluation_in_training_mode", 87.5, EXACT, code.evaluation_in_training_mode),
    Row("precision_too_low", 86.5, EXACT, course.precision_too_low),
    Row("evaluation_differs", 87, EXACT, code.evaluation_differs),
    Row("symmetric_init", 86, EXACT, start.symmetric_init),
    Row("dead_relu", 85, EXACT, start.dead_relu),
    Row("rows_contradict", 84.5, EXACT, data.rows_contradict),
    Row("target_in_inputs", 83, EXACT, data.target_in_inputs),
    Row("validation_overlaps", 61, EXACT, data.validation_overlaps),
]
ALWAYS = [
    Row("overfitting", 60, MEASURED, course.overfitting),
]
OF_THE_DATA = [
    Row("targets_shifted", 84, MEASURED, data.targets_shifted),
    Row("targets_unrelated", 78, MEASURED, data.targets_unrelated),
]
UNMEASURED = [  # asked where nobody knows how much was learned
    Row("learning_rate_too_low", 60, MEASURED, course.hardly_moved),
]
BY_TRIALS = [
    Row("inputs_unscaled", 80, TRIED, data.inputs_unscaled),
    Row("targets_unscaled", 79, TRIED, data.targets_unscaled),
    Row("saturated_units", 78, TRIED, start.saturated_units),
    Row("exploding_gradient", 77, MEASURED, start.exploding_gradient),
    Row("penalty_too_strong", 77.5, TRIED, course.penalty_too_strong),
    Row("capacity_too_small", 77, TRIED, course.capacity_too_small),
    Row("output_saturated", 76.5, MEASURED, start.output_saturated),
    Row("weight_decay_too_strong", 76.3, TRIED, course.weight_decay_too_strong),
    Row("always_clipped", 76.8, TRIED, course.always_clipped),
    Row("classes_out_of_balance", 76.6, TRIED, data.classes_out_of_balance),
    Row("schedule_ended", 76.2, TRIED, course.schedule_ended),
    Row("stopped_on_a_plateau", 72.5, EXACT, course.stopped_on_a_plateau),
    Row("stopped_early", 76, TRIED, course.stopped_early),
    Row("too_few_steps", 76, TRIED, course.too_few_steps),
    Row("learning_rate_too_high", 75, TRIED, course.learning_rate_too_high),
    Row("vanishing_gradient", 74, MEASURED, start.vanishing_gradient),
    Row("learning_rate_too_low", 73, TRIED, course.learning_rate_too_low),
    Row("stopped_early", 70, TRIED, course.stopped_long_before),
    Row("class_never_occurs", 52, EXACT, data.class_never_occurs),
    Row("died_on_the_way", 50, EXACT, start.died_on_the_way),
]
