"""Several applications in one worker: uWSGI's `mount`."""


class Mounts:
    """Chooses by SCRIPT_NAME, which the front server sets, or, with manage-script-name, by the path."""

    def __init__(self, applications, default, manage):
        # The longest first: /a/b is not /a's.
        self.points = sorted(applications.items(), key=lambda item: -len(item[0]))
        self.applications, self.default, self.manage = applications, default, manage

    def __call__(self, environ, start_response):
        if not self.manage:
            application = self.applications.get(environ.get("SCRIPT_NAME", ""), self.default)
            return application(environ, start_response)
        path = environ.get("PATH_INFO", "")
        for point, application in self.points:
            prefix = point.rstrip("/")
            if path == prefix or path.startswith(prefix + "/"):
                environ["SCRIPT_NAME"], environ["PATH_INFO"] = prefix, path[len(prefix):]
                return application(environ, start_response)
        return self.default(environ, start_response)


def load(items, callable_name, default, manage, load_application):
    """Of POINT=APPLICATION lines; without a default application the first one takes what belongs to none."""
    applications = {}
    for item in items:
        point, _, spec = item.partition("=")
        if callable_name and ":" not in spec:
            spec += ":" + callable_name
        applications[point] = load_application(spec)
    if not applications:
        return default
    return Mounts(applications, default or next(iter(applications.values())), manage)
