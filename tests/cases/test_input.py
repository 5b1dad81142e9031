"""Input costs what it weighs."""

from __future__ import annotations

import pytest

from shared.policy.templates import faults_in_words


@pytest.mark.parametrize(
    "words",
    [
        "{% for i in range(5000) %}{% for j in range(5000) %}x{% endfor %}{% endfor %}",
        "{{ name ~ name }}",
        "{{ 'x' * 900000000 }}",
        "{{ 9 ** 9999999 }}",
        "{{ name | center(900000000) }}",
        "{{ name.upper() }}",
        "{{ cycler('a') }}",
        "{% set x = name %}{{ x }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include 'x' %}",
        "{{ " + "(" * 1900 + "name" + ")" * 1900 + " }}",
        "{% if name %}" * 150 + "x" + "{% endif %}" * 150,
    ],
    ids=lambda words: words[:40],
)
def test_a6_a_template_that_may_run_longer_than_it_is_long_is_refused(words: str) -> None:
    assert any("cannot be used" in fault for fault in faults_in_words(words))


@pytest.mark.parametrize(
    "words",
    [
        "{% if count == '1' and not due %}一件{% elif name %}{{ name }}{% else %}多件{% endif %}",
        "{{ name if due else number }}",
        "{{ name | default('您') | upper }}",
        "100 % {{ number }}",
    ],
)
def test_a6_text_fields_conditions_and_a_few_filters_are_taken(words: str) -> None:
    assert list(faults_in_words(words)) == []
