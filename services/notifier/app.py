"""The one place where the notifier's objects are built and joined."""

from __future__ import annotations

from functools import partial
from typing import Final

from fastapi import FastAPI

from services.notifier.api import build_channels_api, build_messages_api, build_receipts_api
from services.notifier.brakes.api import build_brakes_api
from services.notifier.brakes.desk import BrakeDesk
from services.notifier.brakes.in_force import BrakesInForce
from services.notifier.brakes.storage import BRAKES
from services.notifier.bundles import Bundles
from services.notifier.call_receipts import CallReceipts
from services.notifier.channels import Channels
from services.notifier.folding import Folding
from services.notifier.handlers import add_handlers
from services.notifier.links import Links
from services.notifier.loops import Workers, fold_waiting, run_workers, sweep_urgent
from services.notifier.messages import Message
from services.notifier.notifying import Notifying
from services.notifier.pages import ROOT, build_trial_page
from services.notifier.people import People
from services.notifier.reading import Reading
from services.notifier.receipts import Receipts
from services.notifier.renewals import Renewals
from services.notifier.senders import (
    DingtalkApp,
    DingtalkRobot,
    MailSender,
    Robots,
    Sandbox,
    Sender,
    WebhookSender,
    WecomApp,
    WecomRobot,
)
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.chat import ChatSender
from services.notifier.senders.http import Http
from services.notifier.senders.mail import MailServer
from services.notifier.sending import Sending
from services.notifier.settings import NotifierSettings
from services.notifier.storage import MESSAGES, MINUTES
from services.notifier.trial_messages import TrialMessages
from services.notifier.untaken import untaken_alerts, untaken_messages
from services.notifier.watch.api import build_alarms_api
from services.notifier.watch.telling import WATCHDOGS, Watch
from shared.bus import run_every
from shared.privacy.open import Opener
from shared.readers.changes import CHANGE_INDEXES
from shared.runtime import Parts, Platform, build_service, open_platform
from shared.runtime.web import build_style
from shared.telemetry import logger

KEEPS: Final = (MESSAGES, MINUTES, BRAKES, WATCHDOGS)
LOOK_SECONDS: Final = 15.0
INDEXES: Final = {"tickets": CHANGE_INDEXES}


async def build(settings: NotifierSettings) -> FastAPI:
    """The notifier, ready to be served."""
    platform = await open_platform("notifier", settings, keeps=KEEPS, indexes=INDEXES)
    sandbox = Sandbox(lambda: platform.store.clock.is_trial)
    return join(platform, settings, text=sandbox, mail=mail_sender(settings))


def join(
    platform: Platform, settings: NotifierSettings, *, text: Sender, mail: Sender | None
) -> FastAPI:
    """The notifier on a platform, with these channels for callers and staff."""
    store = platform.store
    channels = channels_of(settings, text=text, mail=mail)
    people = People(store, platform.duty, Opener(platform.vault))
    links = Links(
        settings.survey_url.rstrip("/"),
        settings.work_url.rstrip("/"),
        settings.receipt_url.rstrip("/"),
        settings.policy_url.rstrip("/"),
        platform.keys.link,
    )
    brakes = BrakesInForce(store)
    names = [sender.channel for sender in channels.senders]
    call_receipts = CallReceipts(store, people, lambda: platform.policy)
    desk = BrakeDesk(store, lambda: platform.policy, names)
    sending = Sending(
        store,
        people,
        lambda: platform.policy,
        links=links,
        channels=channels,
        brakes=brakes,
        call_receipts=call_receipts,
        limits=settings.limits,
    )
    workers = {
        lane: Workers(lane, sending, store.precedence, at_once=number, wake=store.clock.moved)
        for lane, number in settings.workers.items()
    }

    def hand_on(message: Message) -> None:
        workers[message.lane].take(message)

    notifying = Notifying(
        store,
        people,
        lambda: platform.policy,
        hand_on,
        channels=channels,
        places_of=platform.credentials.places_of,
    )
    folding = Folding(store, people, lambda: platform.policy, hand_on, after=settings.digest_after)
    bundling = Bundles(
        store,
        people,
        lambda: platform.policy,
        hand_on,
        channels=channels,
        brakes=brakes,
        call_receipts=call_receipts,
    )
    add_handlers(platform.consumers, notifying)
    watch = Watch(
        store,
        notifying,
        policy=lambda: platform.policy,
        duty=lambda: platform.duty.current,
        secret=platform.keys.link,
    )
    reading = Reading(store, people, platform.policies.version)
    trial_messages = TrialMessages(store, people, platform.policies.version, links)
    renew = Renewals(store, people, notifying.tell).run
    sweep = partial(sweep_urgent, store, platform.consumers)
    fold = partial(fold_waiting, folding, bundling)
    work = partial(run_workers, list(workers.values()), channels.senders)
    routers = [
        build_brakes_api(desk),
        build_messages_api(reading),
        build_channels_api(channels, store.clock),
        build_receipts_api(Receipts(store, platform.keys.link), platform.misses),
        build_alarms_api(watch, platform.misses),
        build_trial_page(trial_messages, lambda: platform.policy),
        build_style(ROOT),
    ]
    _warn(channels)
    untaken = (untaken_alerts(store, notifying), untaken_messages(store, notifying))
    hear = partial(run_every, watch.look, seconds=LOOK_SECONDS)
    loops = (work, fold, sweep, brakes.run, renew, hear)
    parts = Parts(routers, loops, platform.parked_relay(), untaken)
    return build_service(platform, parts, title="Estateline notifier")


def _warn(channels: Channels) -> None:
    """Whoever starts it is to know who is not told anything."""
    if not channels.to_callers:
        logger.warning("callers_have_no_channel")
    if not {*channels.to_staff} & {"mail", "sandbox"}:
        logger.warning(
            "staff_without_webhook_have_no_channel", setting="HOTLINE_NOTIFIER_SMTP_HOST"
        )


def mail_sender(settings: NotifierSettings) -> MailSender | None:
    """Mail for staff, where a server is set."""
    if settings.smtp_host is None:
        return None
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username or "",
        password=settings.smtp_password.get_secret_value(),
        starttls=settings.starttls,
        sender=settings.smtp_from,
    )
    return MailSender(server, settings.timeouts)


def channels_of(settings: NotifierSettings, *, text: Sender, mail: Sender | None) -> Channels:
    """These two, webhooks, and the chat tools that are set."""
    addresses = Addresses(settings.webhook_plain_hosts, settings.webhook_private_hosts)
    http = Http(settings.webhook_timeouts, settings.workers, addresses)
    replicas, wecom, dingtalk = settings.replicas, settings.wecom, settings.dingtalk
    robots = {name: _robot(settings, name, http) for name in settings.robots}
    return Channels(
        text,
        mail,
        WebhookSender(http),
        WecomApp(wecom, http, replicas=replicas) if wecom else None,
        DingtalkApp(dingtalk, http, replicas=replicas) if dingtalk else None,
        Robots(robots),
    )


def _robot(settings: NotifierSettings, chat: str, http: Http) -> ChatSender:
    chosen, name, replicas = settings.robots[chat], f"robot {chat}", settings.replicas
    if chosen.wecom is not None:
        key = chosen.wecom.get_secret_value()
        return WecomRobot(settings.wecom_url, key, name, http, replicas=replicas)
    assert chosen.dingtalk is not None, "a robot is of one of the two"
    return DingtalkRobot(
        settings.dingtalk_url,
        chosen.dingtalk.get_secret_value(),
        name,
        http,
        secret=chosen.secret.get_secret_value() if chosen.secret else None,
        keyword=chosen.keyword,
        replicas=replicas,
    )
