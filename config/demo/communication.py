"""Communication in a course: announcements, forum and messages."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from config.demo.courses import Course
from config.demo.notifications import is_unexpired, notification
from config.demo.people import People
from config.demo.randomness import DAY, HOUR, MINUTE, stamp, stamp_if
from config.demo.rows import Row, timestamped_row, to_json
from notifications.enums import NotificationType


class Member(NamedTuple):
    """A student who takes the course, and the time of enrollment."""

    student: int
    since: int


THREADS = (
    ("Stuck at “{lesson}”", "I have watched it three times. What do I overlook?"),
    ("A good example of “{term}”?", "The one in the course is clear, but I would like another."),
    ("Who wants to learn together?", "I am in {zone} and have time in the evenings."),
    ("Further reading on {topic}", "Which book would you take to a desert island?"),
    ("Quiz: is the last answer right?", "I read it differently. Is it me?"),
    ("Sharing my project", "Took me two weekends. Be kind, but be honest!"),
)
STUDENT_REPLIES = (
    "Same here. Watching it at half the speed helped me.",
    "Look at the notes of the lesson before: the answer is in the second part.",
    "Thank you, that was it!",
    "¡Muchas gracias! Ahora lo entiendo.",
    "Děkuji, takhle to funguje.",
    "ありがとうございます。とても分かりやすいです。",
    "شكراً جزيلاً، هذا ما كنت أبحث عنه.",
    "I would do it the other way round: first the example, then the rule.",
    "Could you show what you have so far?",
    "+1",
)
EDUCATOR_REPLIES = (
    "Good question! I added a note to the lesson.",
    "Nearly. Try it with a smaller example first, and write down each step.",
    "Yes, that is what I meant. Well spotted.",
)
ANNOUNCEMENTS = (
    ("New lesson on “{term}”", "I recorded a new example. You find it in the second module."),
    (
        "Live session next week",
        "Bring your questions about {topic}; I will record it.",
    ),
    ("Corrections to the notes", "Thanks to your reports some mistakes are gone."),
    ("Your projects", "I have read the first ones, and I am impressed. Keep going!"),
)
MESSAGES = (
    "Hello, I cannot open the video of “{lesson}”. Is it me?",
    "Could you look at my project before I hand it in?",
    "Is there a certificate at the end, and what will it say?",
    "I will be away for two weeks. Can I go on afterwards?",
)
MESSAGE_REPLIES = (
    "Of course. Take the time that you need.",
    "Thank you for telling me! Please try again now.",
    "Yes. It is all on the first page of the course.",
    "Gladly. Send it to me by the weekend.",
)


class Communication:
    """The communication in a course among its members."""

    def __init__(self, people: People, course: Course, members: list[Member]) -> None:
        self.people, self.course, self.members = people, course, members
        self.end = people.plan.end
        self.chance = people.plan.chance("talk", course.number)

    def rows(self) -> Iterator[Row]:
        for _ in range(self.chance.between(1, 4)):
            yield from self.announcement_rows()
        for _ in range(-(-len(self.members) // 12)):
            yield from self.thread_rows()
        for _ in range(len(self.members) // 10):
            yield from self.conversation_rows()

    def say(self, sentence: str, **words: str) -> str:
        term, _ = self.chance.pick(self.course.category.terms)
        lesson = self.chance.pick(self.course.lessons).title
        return sentence.format(term=term, lesson=lesson, topic=self.course.topic, **words)

    # Announcements

    def announcement_rows(self) -> Iterator[Row]:
        """Yield an announcement, which is published, scheduled or a draft."""
        chance, course = self.chance, self.course
        written = chance.moment(course.published or course.created, self.end)
        published = written + HOUR if chance.odds(0.85) and written + HOUR < self.end else None
        scheduled = None
        if not published and chance.odds(0.6):
            scheduled = self.end + chance.between(1, 14) * DAY + 9 * HOUR
        title, content = chance.pick(ANNOUNCEMENTS)
        yield timestamped_row(
            "announcements",
            chance.uuid(written),
            written,
            updated_at=stamp(published or written),
            course_id=course.id,
            educator_id=course.instructor.id,
            title=self.say(title),
            content=self.say(content),
            scheduled_for=stamp_if(scheduled),
            published_at=stamp_if(published),
        )

    # The forum

    def thread_rows(self) -> Iterator[Row]:
        chance = self.chance
        student, since = chance.pick(self.members)
        opened = chance.moment(since, self.end)
        thread = chance.uuid(opened)
        posts = list(self.post_rows(thread, opened, self.people.ids[student]))
        own_posts = [row for table, row in posts if table == "discussion_posts"]
        title, content = chance.pick(THREADS)
        zone = self.people.student(student).name.culture.timezone
        last = max((row["created_at"] for row in own_posts), default=stamp(opened))
        yield timestamped_row(
            "discussion_threads",
            thread,
            opened,
            updated_at=last,
            course_id=self.course.id,
            author_id=self.people.ids[student],
            category=chance.pick(("", "", "Questions", "Projects", "Off topic")),
            title=self.say(title),
            content=self.say(content, zone=zone),
            is_pinned=chance.odds(0.05),
            is_locked=chance.odds(0.03),
            view_count=len(own_posts) * 3 + chance.between(1, 60),
            reply_count=len(own_posts),
            last_activity_at=last,
        )
        yield from posts
        data = self.course.refer(thread_id=thread)
        self.people.did(chance, opened, student, "thread_opened", data)

    def post_rows(self, thread: str, moment: int, author: str) -> Iterator[Row]:
        """Yield replies to the thread or to each other, and a notification of the first reply."""
        chance = self.chance
        before: str | None = None
        solved = False
        for number in range(chance.between(0, 5)):
            moment += chance.between(5 * MINUTE, 2 * DAY)
            member = self.member_at(moment)
            if moment >= self.end or not member:
                return
            is_educator = chance.odds(0.3)
            solves = not solved and chance.odds(0.2)
            row = self.post_row(thread, moment, member, before, is_educator, solves)
            yield row
            if number == 0 and is_unexpired(moment, self.end):
                yield notification(
                    chance,
                    moment,
                    self.end,
                    author,
                    NotificationType.DISCUSSION_REPLY,
                    "A reply to your question",
                    row.values["content"] or "(deleted)",
                    f"{self.course.path}/forum",
                    self.course.refer(thread_id=thread),
                )
            if chance.odds(0.4):
                before = row.values["id"]
            solved = solved or solves

    def member_at(self, moment: int) -> int | None:
        """Return a student who took the course at that moment, or None."""
        for _ in range(5):
            student, since = self.chance.pick(self.members)
            if since < moment:
                return student
        return None

    def post_row(
        self,
        thread: str,
        moment: int,
        student: int,
        parent: str | None,
        is_educator: bool,
        solves: bool,
    ) -> Row:
        chance = self.chance
        content = chance.pick(EDUCATOR_REPLIES if is_educator else STUDENT_REPLIES)
        later = moment + 5 * MINUTE
        edited = later if later < self.end and chance.odds(0.05) else None
        is_deleted = not solves and chance.odds(0.02)
        return timestamped_row(
            "discussion_posts",
            chance.uuid(moment),
            moment,
            updated_at=stamp(edited or moment),
            thread_id=thread,
            author_id=self.course.instructor.id if is_educator else self.people.ids[student],
            parent_post_id=parent,
            content="" if is_deleted else content,
            upvote_count=int(8 * chance.random() ** 3),
            is_solution=solves,
            edited_at=stamp_if(edited),
            edit_history=to_json([{"content": content[:-1]}] if edited else []),
            is_deleted=is_deleted,
        )

    # Messages

    def conversation_rows(self) -> Iterator[Row]:
        """Yield the messages that a student and the instructor write to each other in turn."""
        chance = self.chance
        student, since = chance.pick(self.members)
        both = self.people.ids[student], self.course.instructor.id
        moment = chance.moment(since, self.end)
        conversation, before = chance.uuid(moment), None
        for number in range(chance.between(1, 4)):
            sender, recipient = both if number % 2 == 0 else both[::-1]
            read = moment + chance.between(5 * MINUTE, 20 * HOUR)
            key = chance.uuid(moment)
            content = self.say(chance.pick(MESSAGES if number % 2 == 0 else MESSAGE_REPLIES))
            is_read = read < self.end and (number == 0 or chance.odds(0.8))
            hidden = is_read and chance.odds(0.02)
            yield message_row(
                key,
                moment,
                read if is_read else None,
                sender_id=sender,
                recipient_id=recipient,
                conversation_id=conversation,
                subject=self.course.title if number == 0 else "",
                content=content,
                parent_message_id=before,
                deleted_by_recipient=stamp(read) if hidden else None,
            )
            before, moment = key, read + chance.between(5 * MINUTE, DAY)
            if not is_read or moment >= self.end:
                return


def message_row(key: str, moment: int, read: int | None, **values: Any) -> Row:
    return timestamped_row(
        "messages",
        key,
        moment,
        updated_at=stamp(read or moment),
        read_at=stamp_if(read),
        **values,
    )
