"""Whom anybody may name: accounts and people of duty lists, as they are now."""

from __future__ import annotations

from shared.contracts.report import Concerned
from shared.policy.duty import sample_duty
from shared.policy.policy import build_policy, sample_documents
from shared.readers.lost_addresses import LostAddresses
from shared.readers.people import KnownPeople
from shared.readers.rosters import DutyReader, seed_duty
from shared.store import Store
from shared.tickets import About

POLICY = build_policy("sample", sample_documents())


async def people_of(store: Store) -> KnownPeople:
    await seed_duty(store._database, sample_duty())
    await store.documents("accounts").insert_one({"_id": "chen.jie", "state": "frozen"})
    return KnownPeople(store, DutyReader(store, LostAddresses(b"secret")))


async def test_who_has_an_account_or_is_on_a_list_is_known(store: Store) -> None:
    people = await people_of(store)

    found = await people.known(["chen.jie", "jy-security-1", "13800138000", "caller", "head"])

    assert found == {"chen.jie", "jy-security-1"}
    assert await people.known([]) == frozenset()


async def test_who_was_put_on_a_list_a_moment_ago_is_known(store: Store) -> None:
    people = await people_of(store)
    assert await people.known(["new"]) == frozenset()

    new = {"id": "new", "name": "新", "mail": "new@duty.example"}
    rosters = store.documents("rosters")
    await rosters.update_one({"_id": "jinyuan/greening"}, {"$push": {"people": new}})
    await rosters.update_one({"_id": "head"}, {"$inc": {"revision": 1}})

    assert await people.known(["new"]) == {"new"}


async def test_faults_name_entries_as_they_were_sent(store: Store) -> None:
    people = await people_of(store)
    concerned = Concerned(departments=("security", "nowhere"), people=("张三", "chen.jie"))
    sent = {"departments": [7, "security", "nowhere"], "people": ["", None, "张三", "chen.jie"]}

    about, faults = await people.read_about(concerned, POLICY, sent=sent)

    assert about == About(("security",), ("chen.jie",))
    assert [fault.field for fault in faults] == ["about.departments.2", "about.people.2"]
    assert "张三" not in str(faults)
