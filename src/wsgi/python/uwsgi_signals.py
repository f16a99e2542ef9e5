"""uWSGI's signals: numbered, raised by anyone, by timers, by crons, by changes of files; handled in the workers.

In uWSGI the master watches the clock and a worker runs the handler between two requests. Here a thread of the first
worker that has the handler does both, beside the requests; when that worker goes, the next one's thread goes on with
the same schedule (gateway/app_memory.h).
"""
import os
import time

LOOK_FOR_FILES = 1.0  # Seconds between two looks at watched files.
LONGEST_SLEEP = 3600.0


class Signals:
    def __init__(self, core, application):
        self.core, self.application = core, application
        self.handlers, self.targets, self.seen = {}, {}, {}
        self.timers, self.crons, self.files = {}, {}, {}
        self.thread, self.stopping = None, False

    def install(self, module):
        module.__dict__.update(
            signal=self.signal, register_signal=self.register_signal, signal_registered=self.signal_registered,
            add_timer=self.add_timer, add_rb_timer=self.add_rb_timer, add_cron=self.add_cron,
            add_file_monitor=self.add_file_monitor)

    # --- what the application calls ---

    def signal(self, number, *ignored):
        self.core.signal_raise(_number(number))

    def signal_registered(self, number):
        return True if _number(number) in self.handlers else None

    def register_signal(self, number, target, handler):
        number = _number(number)
        if target in ("", "worker", "worker0"):
            self.targets[number] = 0  # One of them.
        elif target in ("workers", "active-workers"):
            self.targets[number] = -1
        elif target.startswith("worker") and target[6:].strip().isdigit():
            self.targets[number] = int(target[6:])
        else:
            raise NotImplementedError("uwsgi.register_signal: the target %r is not supported by tierce, because there "
                                      "are only workers: '', 'workers', 'workerN'" % target)
        self.handlers[number] = handler
        if self.application.worker:
            self.begin(number)
            self.start()

    def add_timer(self, number, seconds, *ignored):
        self.add_rb_timer(number, seconds, 0)

    def add_rb_timer(self, number, seconds, times=0):
        if seconds <= 0:
            raise ValueError("a timer needs a positive number of seconds")
        self.timers[_number(number)] = (float(seconds), times)
        self.core.signal_wake()

    def add_cron(self, number, minute, hour, day, month, weekday):
        self.crons[_number(number)] = (minute, hour, day, month, weekday)
        self.core.signal_wake()

    def add_file_monitor(self, number, path):
        self.files[_number(number)] = [path, _stamp(path)]
        self.core.signal_wake()

    # --- the life of a worker ---

    def begin(self, number):
        self.seen[number] = self.core.signal_raised(number)
        self.core.signal_handle(number)

    def start(self):
        if not self.handlers or self.thread is not None:
            return
        import threading

        for number in self.handlers:
            self.begin(number)
        for watched in self.files.values():
            watched[1] = _stamp(watched[0])  # What changed since the import has been seen by another worker.
        self.thread = threading.Thread(target=self.run, name="tierce-signals", daemon=True)
        self.thread.start()

    def stop(self, seconds):
        """What runs gets time to finish."""
        if self.thread is not None:
            self.stopping = True
            self.core.signal_wake()
            self.thread.join(seconds)

    def run(self):
        news = 0
        while not self.stopping:
            sleep = self.raise_due()
            self.handle_raised()
            news = self.sleep(news, sleep)

    def sleep(self, news, seconds):
        from . import greenlets

        if not greenlets.threads_are_greenlets():
            return self.core.signal_sleep(news, seconds)
        import gevent

        return gevent.get_hub().threadpool.apply(self.core.signal_sleep, (news, seconds))

    def raise_due(self):
        """Raises what the clock and the files ask for; how long nothing more will come."""
        sleep = LONGEST_SLEEP
        for number, (seconds, times) in list(self.timers.items()):
            left = self.core.signal_timer(number, seconds, times)
            if left == 0:
                self.core.signal_raise(number)
            if left >= 0:
                sleep = min(sleep, left)
        if self.crons:
            now = time.time()
            for number, when in list(self.crons.items()):
                if cron_matches(when, time.localtime(now)) and self.core.signal_cron(number, int(now // 60)):
                    self.core.signal_raise(number)
            sleep = min(sleep, 60.05 - now % 60)
        for number, watched in list(self.files.items()):
            stamp = _stamp(watched[0])
            if stamp != watched[1]:
                watched[1] = stamp
                # All workers see it: the first one raises it.
                if self.core.signal_first(number):
                    self.core.signal_raise(number)
            sleep = min(sleep, LOOK_FOR_FILES)
        return sleep

    def handle_raised(self):
        for number, handler in list(self.handlers.items()):
            while not self.stopping and self.take(number):
                self.core.signal_counted()
                self.application.guarded("the handler of signal %d" % number, handler, number)

    def take(self, number):
        target = self.targets[number]
        if target == 0:
            return self.core.signal_take(number)
        if target > 0 and target != self.application.worker:
            return False
        if self.seen[number] >= self.core.signal_raised(number):
            return False
        self.seen[number] += 1
        return True


def _number(number):
    if not 0 <= number <= 255:
        raise ValueError("signals are numbered 0 to 255")
    return int(number)


def _stamp(path):
    try:
        about = os.stat(path)
        return about.st_mtime_ns, about.st_size, about.st_ino
    except OSError:
        return None


def _fits(wanted, value):
    """-1: any; -5: every fifth."""
    return value % -wanted == 0 if wanted < 0 else wanted == value


def cron_matches(when, now):
    minute, hour, day, month, weekday = when
    if not (_fits(minute, now.tm_min) and _fits(hour, now.tm_hour) and _fits(month, now.tm_mon)):
        return False
    today = (now.tm_wday + 1) % 7  # 0 is Sunday; so is 7.
    on_day, on_weekday = _fits(day, now.tm_mday), _fits(0 if weekday == 7 else weekday, today)
    # Both given: one of them is enough, as in every cron.
    return on_day or on_weekday if day > 0 and weekday >= 0 else on_day and on_weekday
