#include "config/chain/program_role.h"

#include <gtest/gtest.h>

namespace tierce::config::chain {
namespace {

using Arguments = std::vector<std::string>;

TEST(ProgramRole, KnowsTheServersByAnyPath) {
  struct Case {
    const char* command;
    ProgramRole role;
    Arguments arguments;
  };
  const Case cases[] = {
      {"nginx", ProgramRole::kNginx, {}},
      {"/usr/sbin/nginx -g \"daemon off;\"", ProgramRole::kNginx, {"-g", "daemon off;"}},
      {"/usr/local/bin/uwsgi --ini /etc/uwsgi/uwsgi.ini", ProgramRole::kUwsgi, {"--ini", "/etc/uwsgi/uwsgi.ini"}},
      {"/usr/bin/uwsgi_python3 -M", ProgramRole::kUwsgi, {"-M"}},
      {"/usr/bin/uwsgi_python311 -M", ProgramRole::kUwsgi, {"-M"}},
      {"/usr/bin/uwsgi_python3-dbg -M", ProgramRole::kOther, {}},
      {"/venv/bin/gunicorn app:app -w 4", ProgramRole::kGunicorn, {"app:app", "-w", "4"}},
      {"tierce uwsgi --ini x.ini", ProgramRole::kUwsgi, {"--ini", "x.ini"}},
      {"/opt/tierce nginx -c /n.conf", ProgramRole::kNginx, {"-c", "/n.conf"}},
      {"exec nginx -q", ProgramRole::kNginx, {"-q"}},
      {"celery -A app worker", ProgramRole::kOther, {}},
      {"tierce run app:app", ProgramRole::kOther, {}},
      {"tierce", ProgramRole::kOther, {}},
      {"uwsgitop /run/stats", ProgramRole::kOther, {}},
      {"nice -n 5 uwsgi --ini x", ProgramRole::kOther, {}},
      {"", ProgramRole::kOther, {}},
      {"uwsgi 'never closed", ProgramRole::kOther, {}},
  };
  for (const Case& c : cases) {
    const Program program = read_program(c.command);
    EXPECT_EQ(program.role, c.role) << c.command;
    EXPECT_EQ(program.arguments, c.arguments) << c.command;
  }
}

TEST(ProgramRole, TakesVariablesFromEnv) {
  const Program program = read_program("/usr/bin/env LANG=C APP_MODE=prod uwsgi --master");
  EXPECT_EQ(program.role, ProgramRole::kUwsgi);
  EXPECT_EQ(program.environment, (supervisord::Pairs{{"LANG", "C"}, {"APP_MODE", "prod"}}));
  EXPECT_EQ(program.path, "uwsgi");
  EXPECT_EQ(read_program("env -i uwsgi").role, ProgramRole::kOther);
  // Only a shell and env take assignments before a name.
  EXPECT_EQ(read_program("LANG=C uwsgi").role, ProgramRole::kOther);
}

TEST(ProgramRole, KnowsGunicornAsAModuleOfAPython) {
  for (const char* command : {"/venv/bin/python -m gunicorn app:app", "/venv/bin/python -u -m gunicorn app:app",
                              "/venv/bin/python /venv/bin/gunicorn app:app"}) {
    const Program program = read_program(command);
    EXPECT_EQ(program.role, ProgramRole::kGunicorn) << command;
    EXPECT_EQ(program.python, "/venv/bin/python") << command;
    EXPECT_EQ(program.arguments, Arguments{"app:app"}) << command;
  }
  EXPECT_EQ(read_program("python3.11 -m uvicorn app:app").role, ProgramRole::kOther);
  EXPECT_EQ(read_program("python manage.py runserver").role, ProgramRole::kOther);
  EXPECT_EQ(read_program("python -O -m gunicorn app:app").role, ProgramRole::kOther);
}

TEST(ProgramRole, SeesThroughAShellThatOnlyStartsTheServer) {
  const Program program = read_program("/bin/sh -c \"exec uwsgi --ini '/etc/my app.ini'\"");
  EXPECT_EQ(program.role, ProgramRole::kUwsgi);
  EXPECT_EQ(program.arguments, (Arguments{"--ini", "/etc/my app.ini"}));
  EXPECT_EQ(read_program("bash -c \"nginx -g 'daemon off;'\"").arguments, (Arguments{"-g", "daemon off;"}));
  const Program with_variable = read_program("sh -c 'LANG=C exec uwsgi -M'");
  EXPECT_EQ(with_variable.role, ProgramRole::kUwsgi);
  EXPECT_EQ(with_variable.environment, (supervisord::Pairs{{"LANG", "C"}}));
  for (const char* command :
       {"sh -c 'cd /app && uwsgi --ini x'", "sh -c 'uwsgi --ini $HOME/x'", "sh -c 'uwsgi; true'", "sh -c 'uwsgi &'",
        "sh -c 'uwsgi > log'", "sh -e -c uwsgi", "sh -c uwsgi name", "sh run-uwsgi.sh"}) {
    EXPECT_EQ(read_program(command).role, ProgramRole::kOther) << command;
  }
}

}  // namespace
}  // namespace tierce::config::chain
