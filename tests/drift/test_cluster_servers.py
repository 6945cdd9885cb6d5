"""Sentences about differences between the servers of a cluster."""

import json

from config.drift.cluster_servers import UNDO, Answer, differences_of_servers

TABLES = {"users": "a", "public.messages": "b"}
SAME = True, json.dumps({"shards": None, "tables": TABLES, "types": {"priority": "low"}})
OTHER = {"shards": ["public.users_1", "x.y_2"], "tables": {"users": "a"}, "types": None}


def sentences(*answers: tuple[bool, str]) -> list[str]:
    """Return the sentences for the answers of servers; the first server is the coordinator."""
    return list(
        differences_of_servers(
            Answer(f"server-{n}", n == 0, *answer) for n, answer in enumerate(answers)
        )
    )


def test_servers_that_agree__need_no_advice() -> None:
    assert sentences(SAME, SAME) == []


def test_server_that_differs__is_named_with_each_object() -> None:
    assert sentences(SAME, SAME, (True, json.dumps(OTHER))) == [
        f"Table messages on server server-2 differs from the coordinator's. {UNDO}",
        f"Enum type priority on server server-2 differs from the coordinator's. {UNDO}",
        f"Shard users_1 on server server-2 differs from its table. {UNDO}",
        f"Shard x.y_2 on server server-2 differs from its table. {UNDO}",
    ]


def test_server_that_does_not_answer__is_named_with_the_reason() -> None:
    assert sentences(SAME, (False, "ERROR:  refused.\n\tHint")) == [
        "Server server-1 of the cluster could not be compared: refused. Start it, or see its log."
    ]


def test_coordinator_that_does_not_answer__shards_are_still_compared() -> None:
    assert sentences((False, "connection refused"), (True, json.dumps(OTHER)))[1:] == [
        f"Shard users_1 on server server-1 differs from its table. {UNDO}",
        f"Shard x.y_2 on server server-1 differs from its table. {UNDO}",
    ]
