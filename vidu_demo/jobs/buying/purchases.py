"""Buying: offers, the clicks that take them, and the jobs that a click starts."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from vidu_demo.api.errors import KeyMissing
from vidu_demo.api.images import is_url
from vidu_demo.api.request import VideoRequest
from vidu_demo.api.run import Run
from vidu_demo.jobs import files
from vidu_demo.jobs.buying.accounts import Accounts
from vidu_demo.jobs.buying.budget import SpendingLimits, Spent
from vidu_demo.jobs.buying.duplicates import double_click
from vidu_demo.jobs.buying.new_jobs import new_jobs
from vidu_demo.jobs.buying.offers import Offer
from vidu_demo.jobs.buying.orders import Order
from vidu_demo.jobs.errors import (
    DuplicateRequest,
    LedgerFailed,
    OfferExpired,
    PriceChanged,
    TooManyFilms,
    TooManyOpen,
)
from vidu_demo.jobs.films.film import Place
from vidu_demo.jobs.films.films import Films
from vidu_demo.jobs.job import Job, JobState, Payer
from vidu_demo.jobs.ledger import NO_LIMITS, Ledger
from vidu_demo.jobs.room import Room

DOUBLE_CLICK_SECONDS = 3.0
"""The same request within this time counts as a double click."""
MAX_OPEN = 200
"""Unfinished jobs per visitor: far more than a day's clicks, and still cheap to follow."""
MAX_OPEN_AT_ADDRESS = 2 * MAX_OPEN
"""Unfinished jobs per IP address, since anyone can get many tokens."""


class Purchases:
    """Turns what visitors ask for into offers, and clicks into jobs.

    Args:
        ledger: Stores the offers and the jobs.
        accounts: Knows who pays.
        films: The visitors' films, which a new video can belong to.
        follow: Submits and follows a job in the background.
        videos: The folder that gets a folder for each job.
        room: Limits the disk space; None for no limit.
        wall: Returns Unix seconds.
        random: Returns a number in [0, 1).
        run: Opens pictures: in this process, or a pool's `run`.
    """

    def __init__(
        self,
        ledger: Ledger,
        accounts: Accounts,
        films: Films,
        follow: Callable[[Job], object],
        *,
        videos: Path,
        room: Room | None,
        wall: Callable[[], float],
        random: Callable[[], float],
        run: Run,
    ) -> None:
        self._ledger, self._accounts, self._films, self._follow = ledger, accounts, films, follow
        self._videos, self._room, self._wall = videos, room, wall
        self._random, self._run = random, run

    def payer(self, owner: str, offer_id: str = "") -> Payer:
        """Tell who pays for a visitor's next video; nobody, if they take an offer to simulate it.

        Args:
            owner: The visitor.
            offer_id: The offer that they take, if any.

        Raises:
            LedgerFailed: The offer can't be read.
        """
        offer = self._ledger.open_offer(offer_id, owner, self._wall()) if offer_id else None
        simulated = offer and offer.payer is Payer.SIMULATOR
        return Payer.SIMULATOR if simulated else self._accounts.payer(owner)

    def spent(self, owner: str, address: str, payer: Payer = Payer.HOST) -> Spent:
        """Return what was spent of the host's key today, by all and by one visitor.

        Args:
            owner: The visitor.
            address: A digest of their IP address.
            payer: Whose unfinished videos to count.

        Raises:
            LedgerFailed: The ledger can't be read.
        """
        try:
            backend = self._accounts.backend(payer)
        except KeyMissing:
            return Spent()
        return self._ledger.spent(self._wall(), owner, address, backend)

    def offer(
        self,
        order: Order,
        *,
        owner: str,
        acknowledged: Sequence[str] = (),
        payer: Payer | None = None,
    ) -> Offer:
        """Offer a visitor what they ask for. A click buys an offer at most once.

        Args:
            order: What would be made.
            owner: The visitor, as a digest of their token.
            acknowledged: Ids of jobs with the same requests that the visitor knows of and wants
                more of.
            payer: Whose key would pay; by default the visitor's own, if the app has it.

        Raises:
            LedgerFailed: The offer can't be saved.
        """
        payer = payer or self.payer(owner)
        return self._ledger.offer(
            Offer.make(
                order,
                owner=owner,
                backend=self._accounts.backend(payer),
                payer=payer,
                acknowledged=acknowledged,
                now=self._wall(),
            )
        )

    def in_full(self, draft: Job) -> Order | None:
        """Order what a finished draft is a draft of, with its seed and its pictures.

        Returns:
            The order; None if the job is no draft, or has not become a video.
        """
        if not draft.full or draft.state is not JobState.DONE:
            return None
        images = [
            image if is_url(image) else self._videos / draft.id / image
            for image in draft.request["images"]
        ]
        settings = {**draft.full, "seed": draft.request.get("seed")}
        return Order(VideoRequest(images=images, **settings), parent=draft.id)

    def buy(
        self,
        offer_id: str,
        order: Order | None = None,
        *,
        owner: str,
        payer: Payer | None = None,
        **options: Any,
    ) -> list[Job]:
        """Take an offer and start its jobs.

        Args:
            offer_id: The offer's id. Once it is taken, its jobs are returned.
            order: What to make, if the form has changed since; None for what was offered.
            owner: The visitor.
            payer: Who pays now; see `payer`.
            options: `address` and `limits`, as for `start_all`.

        Raises:
            OfferExpired: The visitor has no such offer, or someone else would pay now; nothing
                was sent.
            PriceChanged: The order is for more videos than offered, or dearer; nothing was sent.
            ViduError: As for `start_all`; nothing was sent, and the offer stays open, unless the
                same request is running, or may be.
        """
        # In this order: a click that takes the offer in between has left its jobs.
        offer = self._ledger.open_offer(offer_id, owner, self._wall())
        if found := self._ledger.by_key(offer_id):
            if found[0].owner != owner:
                raise OfferExpired
            return self._repeat(offer_id, found, order)
        payer = payer or self.payer(owner, offer_id)
        if not offer or (offer.backend, offer.payer) != (self._accounts.backend(payer), payer):
            raise OfferExpired
        order = order or offer.order
        if not offer.covers(order):
            raise PriceChanged
        try:
            jobs = self.start_all(
                order.requests,
                owner=owner,
                idempotency_key=offer.id,
                acknowledged=offer.acknowledged,
                offered=True,
                payer=payer,
                full=order.full,
                parent=order.parent,
                **options,
            )
        except DuplicateRequest as error:
            known = {*offer.acknowledged, *(job.id for job in error.jobs)}
            error.another = self.offer(order, owner=owner, acknowledged=sorted(known), payer=payer)
            raise
        with suppress(LedgerFailed, TooManyFilms):  # the video is bought; it can be added by hand
            draft = self._ledger.get(order.parent) if order.parent and not order.place else None
            if draft and jobs[0].is_in_full(draft):
                self._films.put(jobs[0], Place(draft.id, instead=True))
            elif order.place:
                self._films.put(jobs[0], order.place)
        return jobs

    def start(self, request: VideoRequest, **options: Any) -> Job:
        """Start the only job of a click. See `start_all`."""
        return self.start_all([request], **options)[0]

    def start_all(
        self,
        requests: Sequence[VideoRequest],
        *,
        owner: str,
        idempotency_key: str,
        acknowledged: Collection[str] = (),
        address: str = "",
        limits: SpendingLimits = NO_LIMITS,
        offered: bool = False,
        payer: Payer | None = None,
        full: VideoRequest | None = None,
        parent: str = "",
    ) -> list[Job]:
        """Start the jobs of one click, all or none, and submit them in the background.

        Args:
            requests: The requests. A seed is picked for those without one.
            owner: The visitor, as a digest of their token.
            idempotency_key: Unique to the click. Repeating the click finds the same jobs and buys
                nothing, even if it asks for something else. Deleted jobs are returned as they are.
            acknowledged: Ids of jobs with the same requests that the visitor knows of and wants
                more of.
            address: A digest of the visitor's IP address.
            limits: The host's limits. With a visitor's key only a pause counts, and in the
                simulator the number of videos at once, too.
            offered: True if the idempotency key is an offer's id. See `buy`.
            payer: Whose key pays; by default the visitor's own, if the app has it.
            full: What the request is a draft of, if it is one.
            parent: The id of the job that they are made from, or empty.

        Raises:
            OfferExpired: The offer is not open any more; nothing was sent.
            PictureInvalid: A picture can't be sent; nothing was.
            LimitReached: The limits don't allow it; nothing was sent.
            DuplicateRequest: The same request is running, or may be; nothing was sent.
            TooManyOpen: The visitor has too many unfinished jobs; nothing was sent.
            LedgerFailed, DiskFull: The jobs can't be saved; nothing was sent.
        """
        if found := self._ledger.by_key(idempotency_key):
            return found
        payer = payer or self.payer(owner)
        if self._room:
            self._room.check()
        jobs = new_jobs(
            requests,
            idempotency_key=idempotency_key,
            owner=owner,
            address=address,
            backend=self._accounts.backend(payer),
            payer=payer,
            videos=self._videos,
            random=self._random,
            run=self._run,
            full=full,
            parent=parent if parent and self._ledger.among(owner, [parent]) else "",
        )
        written: list[Job] = []
        try:
            with self._ledger.one_click(owner):
                now = self._wall()
                # A millisecond apart, to keep their order.
                jobs = [replace(job, created=now + n / 1000) for n, job in enumerate(jobs)]
                written = self._ledger.by_key(idempotency_key) or double_click(
                    self._ledger, idempotency_key, jobs, acknowledged, DOUBLE_CLICK_SECONDS
                )
                if not written:
                    check_open(self._ledger, owner, address, len(jobs))
                    written = self._ledger.add(jobs, limits, offered=offered)
        finally:
            for job_id in {job.id for job in jobs} - {job.id for job in written}:
                files.delete(self._videos / job_id)
        if written[0].id == jobs[0].id:
            for job in written:
                self._follow(job)
        return written

    def _repeat(self, key: str, found: list[Job], order: Order | None) -> list[Job]:
        """Answer a repeated click: with its jobs, or by asking about the duplicate again.

        Raises:
            DuplicateRequest: The click asked for a video that was being made, and still is.
        """
        running = [job for job in found if job.may_run and not job.idempotency_key.startswith(key)]
        if running and self._wall() - running[0].created > DOUBLE_CLICK_SECONDS:
            error = DuplicateRequest(running, len(running))
            if order:
                known = sorted(job.id for job in running)
                error.another = self.offer(
                    order,
                    owner=running[0].owner,
                    acknowledged=known,
                    payer=running[0].payer,
                )
            raise error
        return found


def check_open(ledger: Ledger, owner: str, address: str, more: int = 1) -> None:
    """Check that a visitor may have more unfinished jobs.

    Args:
        ledger: Counts them.
        owner: The visitor.
        address: A digest of their IP address, or empty.
        more: How many more.

    Raises:
        TooManyOpen: They, or all visitors from their address, would have too many.
    """
    if ledger.count_open(owner=owner) + more > MAX_OPEN:
        raise TooManyOpen(MAX_OPEN)
    if address and ledger.count_open(address=address) + more > MAX_OPEN_AT_ADDRESS:
        raise TooManyOpen(MAX_OPEN_AT_ADDRESS)
