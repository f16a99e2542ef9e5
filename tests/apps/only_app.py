"""Has no `application`: `app` is the second name that is looked for."""

from specs import saying

app = saying("only_app.app")
