"""The statements of migrations on a cluster."""

import pytest

from config.postgres.backend.cluster_schema import foreign_key_on_cluster
from config.postgres.citus import Placement

LAYOUT = {"order": Placement(), "user": Placement(), "posts": Placement("thread_id")}
USER = 'ALTER TABLE "order" ADD CONSTRAINT "fk" FOREIGN KEY ("user") REFERENCES "user" ("id")'
POST = 'ALTER TABLE "{}" ADD CONSTRAINT "fk" FOREIGN KEY ("post_id") REFERENCES "posts" ("id")'
STATEMENTS = {
    USER: [USER],
    POST.format("order"): [],
    POST.format("posts"): [
        'ALTER TABLE "posts" ADD CONSTRAINT "fk" '
        'FOREIGN KEY ("thread_id", "post_id") REFERENCES "posts"("thread_id", "id")'
    ],
    "ALTER TABLE posts ADD COLUMN x int": ["ALTER TABLE posts ADD COLUMN x int"],
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_foreign_key_statement_on_cluster__keeps_the_keys_that_citus_allows(sql: str) -> None:
    assert list(foreign_key_on_cluster(sql, LAYOUT)) == STATEMENTS[sql]
