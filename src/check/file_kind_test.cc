#include "check/file_kind.h"

#include <gtest/gtest.h>

namespace tierce::check {
namespace {

TEST(FileKind, IsFoundByNameAndContent) {
  struct Case {
    const char* path;
    const char* text;
    FileKind kind;
  };
  const Case cases[] = {
      {"a/Dockerfile", "FROM x", FileKind::kDockerfile},
      {"web.Dockerfile", "FROM x", FileKind::kDockerfile},
      {"gunicorn.conf.py", "bind = ':8000'", FileKind::kGunicorn},
      {"app.py", "", FileKind::kPython},
      {"config.py", "import os\nbind = ':8000'\nworkers=4\n", FileKind::kGunicorn},
      {"config.py", "def f():\n  bind = 1\n  workers = 2\nbind == workers\n", FileKind::kPython},
      {"app.xml", "<uwsgi><socket>x</socket></uwsgi>", FileKind::kUwsgi},
      {"x.conf", "# hello\n[program:web]  \ncommand=x", FileKind::kSupervisor},
      {"supervisor.ini", "[supervisord]", FileKind::kSupervisor},
      {"site.ini", "name = 1\n[uwsgi]\n", FileKind::kUwsgi},
      {"uwsgi.yaml", "uwsgi:\n", FileKind::kUwsgi},
      {"site.conf", "server { listen 80; }", FileKind::kNginx},
      {"nginx.conf", "usr x;", FileKind::kNginx},
      {"shop.conf", "evnts {}\nhttp { server {} }\napp web { module x; }\n", FileKind::kOneFile},
      {"tierce.conf", "ap web { }", FileKind::kOneFile},
      {"shop.conf", "http { map a b { app c; } }", FileKind::kNginx},
      {"setup.cfg", "[metadata]\nname = x\n", FileKind::kUnknown},
      {"requirements.txt", "flask", FileKind::kUnknown},
      {"README.md", "server { }", FileKind::kUnknown},
  };
  for (const Case& c : cases) EXPECT_EQ(kind_of_file(c.path, c.text), c.kind) << c.path;
}

}  // namespace
}  // namespace tierce::check
