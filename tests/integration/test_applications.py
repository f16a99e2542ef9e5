"""Applications that people have, unmodified, in the deployments that people have: someone logs in, makes something,
uploads something and logs out. Every page is asked for by a real HTTP client, and no answer may be an error."""

import hashlib
import os
import re

import pytest
import requests

import real_sites


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Each application, set up when it is first asked for."""
    sites = {}

    def site(name):
        if name not in sites:
            sites[name] = real_sites.SITES[name](tmp_path_factory.mktemp(name) / "site")
        return sites[name]
    return site


@pytest.fixture(scope="module", params=real_sites.DEPLOYMENTS)
def deployment(request):
    return request.param


def _served(name):
    @pytest.fixture(scope="module")
    def served(made, deployment, tmp_path_factory):
        yield from real_sites.deployed(deployment, tmp_path_factory.mktemp("run"), made(name))
    return served


flask, django, wagtail = _served("flask"), _served("django"), _served("wagtail")


class Visitor(requests.Session):
    """A browser, as far as forms need one."""

    def __init__(self, site):
        super().__init__()
        self.base, self.token = site.site_url, None

    def request(self, method, path, **options):
        url = path if path.startswith("http") else self.base + path
        response = super().request(method, url, timeout=60, **options)
        assert response.status_code < 400, f"{method} {url}: {response.status_code} {response.text[:300]}"
        if found := re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', response.text):
            self.token = found[1]
        return response

    def fill_in(self, path, fields=(), **options):
        """Reads the form and sends it back."""
        self.get(path)
        return self.submit(path, fields, **options)

    def submit(self, path, fields=(), **options):
        return self.post(path, data={"csrfmiddlewaretoken": self.token, **dict(fields)},
                         headers={"Referer": self.base + path}, **options)

    def status(self, path):
        return super().request("GET", self.base + path, allow_redirects=False, timeout=60).status_code


def digest(data):
    return hashlib.sha256(data).hexdigest()


def assert_files_are_served(visitor, page):
    """Every style sheet, script and picture that the page names."""
    names = set(re.findall(r'(?:href|src)="(/(?:static|media)/[^"]+)"', page.text))
    assert names
    for name in names:
        got = visitor.get(name.replace("&amp;", "&"))
        assert got.content and got.headers["Last-Modified"], name
        again = visitor.get(name, headers={"If-Modified-Since": got.headers["Last-Modified"]})
        assert again.status_code == 304, name
    return names


def test_the_tutorial_of_flask(flask, deployment):
    with Visitor(flask) as visitor:
        assert visitor.get("/hello").text == "Hello, World!"
        user = {"username": deployment, "password": real_sites.PASSWORD}
        assert visitor.submit("/auth/register", user).url == flask.site_url + "/auth/login"
        assert "already registered" in visitor.submit("/auth/register", user).text
        assert "Incorrect password" in visitor.submit("/auth/login", {**user, "password": "wrong"}).text
        assert f"<span>{deployment}</span>" in visitor.submit("/auth/login", user).text
        page = visitor.submit("/create", {"title": f"By {deployment}", "body": "caf\xe9 \u20ac\n" * 10_000})
        assert page.url == flask.site_url + "/" and f"By {deployment}" in page.text and "caf\xe9 \u20ac" in page.text
        number = re.search(r'href="/([0-9]+)/update"', page.text)[1]
        page = visitor.submit(f"/{number}/update", {"title": f"Changed by {deployment}", "body": "b"})
        assert f"Changed by {deployment}" in page.text
        assert any(name.endswith("style.css") for name in assert_files_are_served(visitor, page))
        assert f"Changed by {deployment}" not in visitor.submit(f"/{number}/delete").text
        assert visitor.status("/99/update") == 404
        visitor.get("/auth/logout")
        assert visitor.status("/create") == 302


def test_the_admin_of_django(django, deployment):
    with Visitor(django) as visitor:
        page = visitor.fill_in("/admin/login/?next=/admin/", {"username": "admin", "password": real_sites.PASSWORD})
        assert page.url == django.site_url + "/admin/" and "Site administration" in page.text
        assert any(name.endswith("base.css") for name in assert_files_are_served(visitor, page))
        for size in (10, 5_000_000):  # Django keeps the small one in memory and spools the large one.
            data = os.urandom(size)
            page = visitor.fill_in("/admin/documents/document/add/", {"title": f"{size} by {deployment}", "_continue": "1"},
                                   files={"file": (f"caf\xe9 {size}.bin", data)})
            assert "was added successfully" in page.text
            link = re.search(r'href="(/media/documents/[^"]+)"', page.text)[1]
            assert digest(visitor.get(link).content) == digest(data)
        page = visitor.get("/admin/documents/document/")
        assert "2 documents" in page.text
        address = re.sub("^" + re.escape(django.site_url), "", page.url)
        chosen = re.findall(r'name="_selected_action" value="([0-9]+)"', page.text)
        page = visitor.submit(address, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})
        assert "Successfully deleted" in page.text
        assert "Logged out" in visitor.submit("/admin/logout/").text
        assert visitor.status("/admin/") == 302


def test_wagtail(wagtail, deployment):
    name = deployment.replace(" ", "-")
    with Visitor(wagtail) as visitor:
        assert "Welcome to your new Wagtail site" in visitor.get("/").text
        page = visitor.fill_in("/admin/login/?next=/admin/", {"username": "admin", "password": real_sites.PASSWORD})
        assert page.url == wagtail.site_url + "/admin/" and "Dashboard" in page.text
        assert_files_are_served(visitor, page)

        picture = real_sites.png(1200, 800)
        page = visitor.fill_in("/admin/images/add/", {"title": name, "focal_point_x": "", "focal_point_y": "",
                                                      "focal_point_width": "", "focal_point_height": ""},
                               files={"file": (f"{name}.png", picture, "image/png")})
        number = re.search(r'href="/admin/images/([0-9]+)/"', page.text)[1]
        page = visitor.get(f"/admin/images/{number}/")
        assert digest(visitor.get(f"/media/original_images/{name}.png").content) == digest(picture)
        scaled = re.search(r'src="(/media/images/[^"]+)"', page.text)[1]
        assert visitor.get(scaled).content.startswith(b"\x89PNG")

        home = 3  # The page that `wagtail start` makes.
        page = visitor.fill_in(f"/admin/pages/add/home/homepage/{home}/", {
            "title": f"Page of {deployment}", "slug": name, "seo_title": "", "search_description": "", "go_live_at": "",
            "expire_at": "", "comments-TOTAL_FORMS": "0", "comments-INITIAL_FORMS": "0", "comments-MIN_NUM_FORMS": "0",
            "comments-MAX_NUM_FORMS": "", "action-publish": "action-publish"})
        assert "created and published" in page.text
        assert visitor.get(f"/{name}/").text
        found = visitor.get("/search/", params={"query": "Page"})
        assert f"Page of {deployment}" in found.text
        assert visitor.submit("/admin/logout/").url.startswith(wagtail.site_url + "/admin/login/")
        assert visitor.status("/admin/") == 302
