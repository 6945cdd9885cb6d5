"""Quizzes: their questions, and the answer sheets that students submit."""

from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from assessments.enums import QuestionDifficulty, QuestionType, QuizType
from config.demo.randomness import Chance, hundredths, hyphenated
from config.demo.rows import Row, timestamped_row, to_json
from config.demo.subjects import Category

PASSING_SCORE = 60
SHEETS_PER_OUTCOME = 6
"""The number of passing sheets of a quiz, and also the number of failing sheets."""
AUTO_GRADED_TYPES: list[QuestionType] = [
    kind for kind in QuestionType if kind != QuestionType.ESSAY
]
QUESTION_POINTS = {QuestionType.MATCHING: 2, QuestionType.SHORT_ANSWER: 2, QuestionType.ESSAY: 4}
ESSAYS = (
    "For me it is best shown by what happened in our own project last spring.",
    "It took me a while, but in my own words: it is what keeps the parts together.",
    "Without it one would notice only at the end that something is wrong.",
)


class Sheet(NamedTuple):
    """Answers to a quiz as JSON, and their points; `score` is in hundredths of a percent."""

    answers: str
    points: str
    percent: str
    score: int
    passes: bool


@dataclass(frozen=True)
class Quiz:
    """The facts about a quiz that its submissions depend on."""

    id: str
    attempts: int
    seconds: int
    by_person: bool
    passed: tuple[Sheet, ...]
    failed: tuple[Sheet, ...]


@dataclass(frozen=True)
class Question:
    """A question of a quiz, with its correct answer and a wrong one."""

    id: str
    kind: QuestionType
    text: str
    options: Any
    correct: Any
    wrong: Any
    points: int


def make_quiz(
    chance: Chance, moment: int, lesson: str, title: str, category: Category
) -> tuple[Quiz, list[Row]]:
    """Return a quiz and its rows. The last question of a summative quiz is graded by a person."""
    summative = chance.odds(0.2)
    minutes, attempts = chance.pick((10, 15, 20, 30)), chance.pick((0, 3, 3, 5))
    types = [chance.pick(AUTO_GRADED_TYPES) for _ in range(chance.between(3, 5))]
    types += [QuestionType.ESSAY] * summative
    questions = make_questions(chance, moment, types, category)
    key = chance.uuid(moment)
    quiz = Quiz(
        key,
        attempts,
        minutes * 60,
        summative,
        tuple(sheet(chance, questions, passes=True) for _ in range(SHEETS_PER_OUTCOME)),
        tuple(sheet(chance, questions, passes=False) for _ in range(SHEETS_PER_OUTCOME)),
    )
    kind = QuizType.SUMMATIVE if summative else chance.pick((QuizType.FORMATIVE, QuizType.PRACTICE))
    rows = [quiz_row(moment, quiz, lesson, title, kind, minutes)]
    rows += [
        question_row(chance, moment, quiz.id, place, question, category)
        for place, question in enumerate(questions, start=1)
    ]
    return quiz, rows


def make_questions(
    chance: Chance, moment: int, types: list[QuestionType], category: Category
) -> list[Question]:
    first = chance.between(0, len(category.terms) - 1)
    return [
        make_question(chance.uuid(moment), kind, first + place, category)
        for place, kind in enumerate(types)
    ]


def make_question(key: str, kind: QuestionType, place: int, category: Category) -> Question:
    terms = [category.terms[(place + step) % len(category.terms)] for step in range(4)]
    (term, meaning), (other_term, other_meaning) = terms[:2]
    points = QUESTION_POINTS.get(kind, 1)
    names, meanings = zip(*sorted(terms), strict=True)

    def question(text: str, options: Any, correct: Any, wrong: Any) -> Question:
        return Question(key, kind, text, options, correct, wrong, points)

    match kind:
        case QuestionType.MULTIPLE_CHOICE:
            return question(f"What does “{term}” mean?", list(meanings), meaning, other_meaning)
        case QuestionType.TRUE_FALSE:
            claimed, correct = (meaning, True) if place % 2 else (other_meaning, False)
            return question(f"True or false: “{term}” means {claimed}.", None, correct, not correct)
        case QuestionType.SHORT_ANSWER:
            return question(f"Which term means {meaning}?", None, term, other_term)
        case QuestionType.FILL_BLANK:
            return question(f"____ means {meaning}.", None, [term], [other_term])
        case QuestionType.MATCHING:
            pairs = dict(sorted(terms))
            mixed = dict(zip(names, reversed(meanings), strict=True))
            options = [list(names), sorted(meanings)]
            return question("Match each term with what it means.", options, pairs, mixed)
        case QuestionType.ESSAY:
            text = f"Explain “{term}” to a beginner, with an example."
            return question(text, None, "", ESSAYS[place % len(ESSAYS)])


def sheet(chance: Chance, questions: list[Question], *, passes: bool) -> Sheet:
    """Return the answers of a student who passes or fails."""
    whole = sum(question.points for question in questions)
    right = [chance.odds(0.85 if passes else 0.4) for _ in questions]
    earned = sum(question.points for question in compress(questions, right))
    if (100 * earned >= PASSING_SCORE * whole) is not passes:
        right, earned = [passes] * len(questions), whole * passes
    answers = {
        hyphenated(question.id): question.correct
        if is_right and question.correct != ""
        else question.wrong
        for question, is_right in zip(questions, right, strict=True)
    }
    score = (20_000 * earned + whole) // (2 * whole)
    return Sheet(to_json(answers), f"{earned}.00", hundredths(score, 100), score, passes)


def quiz_row(moment: int, quiz: Quiz, lesson: str, title: str, kind: QuizType, minutes: int) -> Row:
    practice = kind is QuizType.PRACTICE
    return timestamped_row(
        "quizzes",
        quiz.id,
        moment,
        lesson_id=lesson,
        title=title,
        quiz_type=kind.value,
        time_limit_minutes=None if practice else minutes,
        passing_score_percentage=PASSING_SCORE,
        max_attempts=quiz.attempts,
        randomize_questions=not practice,
        randomize_options=not practice,
        show_correct_answers=kind is not QuizType.SUMMATIVE,
    )


def question_row(
    chance: Chance, moment: int, quiz: str, place: int, question: Question, category: Category
) -> Row:
    is_essay = question.kind is QuestionType.ESSAY
    explanation = "" if is_essay else f"See the lessons on {category.name.lower()} terms."
    return timestamped_row(
        "questions",
        question.id,
        moment,
        quiz_id=quiz,
        question_type=question.kind.value,
        question_text=question.text,
        options=None if question.options is None else to_json(question.options),
        correct_answer=to_json(question.correct),
        explanation=explanation,
        points=question.points,
        order_number=place,
        difficulty=chance.pick(tuple(QuestionDifficulty)).value,
    )
