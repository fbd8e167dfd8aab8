"""Every exercise: its stub, its solution, its misconceptions, and whatever else is wrong."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from neoxja_np.learn import EXERCISES, Exercise, Misconception, Verdict, check

NAMED = [pytest.param(exercise, each, id=f"{exercise.name}-{number}") for exercise in EXERCISES
         for number, each in enumerate(exercise.misconceptions)]
# Broken solutions that are right all the same, by exercise and the line that is different.
EQUAL = {
    "gigabytes": {"return parameters * bytes_a_number / 1000000001.0"},
    "first_update": {"return weight * (1 - lr * weight_decay) - lr / np.sign(gradient)"},  # 1 / 1 and 1 / -1
    "head": {"scores = query @ key.T / query.shape[+1] ** 0.5"},  # of two axes the last one
    "nearest": {"unit = table / np.linalg.norm(table, axis=+1, keepdims=True)"}}
WITHOUT = {"byte_tokens", "choose_subword", "write"}  # no operator to break
SWAPS: dict[type[ast.AST], list[ast.AST]] = {
    ast.Add: [ast.Sub()], ast.Sub: [ast.Add()], ast.Mult: [ast.Div(), ast.Add()], ast.Div: [ast.Mult()],
    ast.Pow: [ast.Mult()], ast.MatMult: [ast.Mult()], ast.FloorDiv: [ast.Mult()], ast.USub: [ast.UAdd()],
    ast.Lt: [ast.LtE(), ast.Gt()], ast.LtE: [ast.Lt(), ast.Gt()], ast.Gt: [ast.GtE(), ast.Lt()],
    ast.GtE: [ast.Gt(), ast.Lt()], ast.Eq: [ast.NotEq()], ast.NotEq: [ast.Eq()], ast.And: [ast.Or()],
    ast.Or: [ast.And()]}


def broken(function: Any) -> Iterator[tuple[str, Any]]:
    """The function with one operator or number changed at a time, and the line that changed."""
    source = textwrap.dedent(inspect.getsource(function))
    for place in range(len([*ast.walk(ast.parse(source))])):
        for choice in range(2):
            tree = ast.parse(source)
            node = [*ast.walk(tree)][place]
            if not change(node, choice):
                continue
            changed = ast.unparse(tree)
            namespace = dict(vars(inspect.getmodule(function)))
            exec(compile(ast.fix_missing_locations(tree), "broken", "exec"), namespace)
            lines = set(changed.splitlines()) - set(ast.unparse(ast.parse(source)).splitlines())
            yield " ".join(sorted(line.strip() for line in lines)), namespace[function.__name__]


def change(node: ast.AST, choice: int) -> bool:
    """Changes an operator or a number in place, if this node is one and has so many other ways."""
    field = "op" if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.AugAssign)) else ""
    if field and type(getattr(node, field)) in SWAPS:
        options = SWAPS[type(getattr(node, field))]
        if choice < len(options):
            setattr(node, field, options[choice])
            return True
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS and choice < len(SWAPS[type(node.ops[0])]):
        node.ops[0] = SWAPS[type(node.ops[0])][choice]
        return True
    if isinstance(node, ast.Constant) and type(node.value) in (int, float) and choice < 1:
        node.value += 1
        return True
    return False


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.name)
def test_the_solution_is_right_and_the_stub_is_kindly_refused(exercise: Exercise) -> None:
    assert exercise(exercise.solution)
    stub = exercise(lambda *arguments: None)
    assert not stub
    assert "not written yet" in repr(stub)
    assert "まだ書かれていません" in repr(stub)


@pytest.mark.parametrize(("exercise", "each"), NAMED)
def test_a_misconception_is_refused_by_its_name(exercise: Exercise, each: Misconception) -> None:
    verdict = exercise(each.wrong)
    assert not verdict
    assert each.english in verdict.english
    assert verdict.japanese == each.japanese


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.name)
def test_broken_solutions_are_refused(exercise: Exercise) -> None:
    tried = 0
    for line, function in broken(exercise.solution):
        if line not in EQUAL.get(exercise.name, set()):
            assert not exercise(function), line
            tried += 1
    assert (tried == 0) == (exercise.name in WITHOUT)


def test_what_is_said() -> None:
    double = Exercise("double", lambda x: 2 * x, lambda rng: (rng.normal(size=2),), (
        Misconception(lambda x: x * x, "you squared", "2 乗しています。"),))
    assert repr(double(lambda x: x + x)) == "✓ double: right, in 20 of 20 cases.\n  20 個の例すべてで正しい答えです。"
    assert repr(double(lambda x: x ** 2)) == "✗ double: you squared\n  2 乗しています。"
    said = repr(double(lambda x: 3 * x))
    assert "expected [" in said
    assert "got [" in said
    assert "with [" in said
    assert "stopped with ZeroDivisionError" in repr(double(lambda x: 1 / 0))
    assert "stopped with TypeError" in repr(double(lambda: 1))
    assert not double(lambda x: [*(2 * x), 0.0])
    assert not double(lambda x: "two")


def test_what_must_stay_is_watched() -> None:
    def silences(context: np.ndarray, head: int) -> np.ndarray:
        context[head] = 0
        return context

    verdict = check.switch_off(silences)
    assert not verdict
    assert "the array that was given is changed as well" in verdict.english
    assert "コピー" in verdict.japanese


def test_another_shape_is_said_before_the_numbers() -> None:
    said = repr(check.switch_off(lambda context, head: context[0]))
    assert "expected shape (4, 5, 6), got shape (5, 6)" in said
    assert said.count("with [") == 1


def test_the_toy_of_a_model_takes_one_text() -> None:
    said = repr(check.write(lambda logits_of, ids, count: logits_of([ids])))
    assert "stopped with ValueError: logits_of takes one list of ids" in said


def test_an_answer_cannot_change_what_it_is_given() -> None:
    def spoils(x: np.ndarray) -> np.ndarray:
        x *= 2
        return x

    assert Exercise("double", lambda x: 2 * x, lambda rng: (rng.normal(size=2),))(spoils)


def test_texts_and_lists() -> None:
    words = Exercise("words", lambda text: text.split(), lambda rng: (" ".join(rng.choice(list("abc"), 3)),))
    assert words(lambda text: [*text.split(" ")])
    assert not words(lambda text: text)
    assert not words(lambda text: [*text])
    assert isinstance(words(str.upper), Verdict)


def test_check_has_them_by_name() -> None:
    assert vars(check) == {each.name: each for each in EXERCISES}
    assert len({each.name for each in EXERCISES}) == len(EXERCISES)
