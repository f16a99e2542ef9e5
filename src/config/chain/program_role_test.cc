#include "config/chain/program_role.h"

#include <gtest/gtest.h>

#include "config/supervisord/words.h"

namespace tierce::config::chain {
namespace {

RoleCommand of(const char* command) { return role_of(*supervisord::split_command(command)); }
using Words = std::vector<std::string>;

TEST(ProgramRole, IsFoundByThePrograms) {
  EXPECT_EQ(of("/usr/sbin/nginx").role, ProgramRole::kNginx);
  EXPECT_EQ(of("nginx -g 'daemon off;'").arguments, (Words{"-g", "daemon off;"}));
  EXPECT_EQ(of("/usr/local/bin/uwsgi --ini /etc/uwsgi/uwsgi.ini").role, ProgramRole::kUwsgi);
  EXPECT_EQ(of("uwsgi_python3 --ini x").role, ProgramRole::kUwsgi);
  EXPECT_EQ(of("/app/venv/bin/gunicorn app:app -w 4").role, ProgramRole::kGunicorn);
  EXPECT_EQ(of("/app/venv/bin/gunicorn app:app -w 4").program, "/app/venv/bin/gunicorn");
}

TEST(ProgramRole, LooksThroughWhatStartsThem) {
  const RoleCommand env = of("/usr/bin/env A=1 B=2 uwsgi --ini x");
  EXPECT_EQ(env.role, ProgramRole::kUwsgi);
  EXPECT_EQ(env.environment, (Words{"A=1", "B=2"}));
  EXPECT_EQ(of("/bin/sh -c 'exec nginx -c /x.conf'").arguments, (Words{"-c", "/x.conf"}));
  EXPECT_EQ(of("bash -c \"uwsgi --ini x\"").role, ProgramRole::kUwsgi);
  const RoleCommand module = of("/venv/bin/python3.11 -m gunicorn app:app");
  EXPECT_EQ(module.role, ProgramRole::kGunicorn);
  EXPECT_EQ(module.program, "/venv/bin/python3.11");
  EXPECT_EQ(module.arguments, Words{"app:app"});
  EXPECT_EQ(of("/opt/tierce uwsgi --ini x").arguments, (Words{"--ini", "x"}));
}

TEST(ProgramRole, LeavesEverythingElseAlone) {
  for (const char* command :
       {"celery -A app worker", "sh -c 'nginx && uwsgi'", "sh -c 'cd /app; uwsgi --ini x'", "sh -c 'A=1 uwsgi'",
        "sh -c 'uwsgi --ini $INI'", "python -m flask run", "nginx-exporter", "tierce supervisord", "env -i uwsgi", "sh",
        "python manage.py gunicorn", "/x/uwsgi/run"}) {
    EXPECT_EQ(of(command).role, ProgramRole::kOther) << command;
  }
  EXPECT_EQ(role_of({}).role, ProgramRole::kOther);
}

}  // namespace
}  // namespace tierce::config::chain
