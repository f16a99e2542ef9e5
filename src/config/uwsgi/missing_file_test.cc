#include "config/uwsgi/missing_file.h"

#include <gtest/gtest.h>

#include "config/uwsgi/fake_surroundings.h"

namespace tierce::config::uwsgi {
namespace {

class Machine final : public FakeSurroundings {
 public:
  Kind kind_of(const std::string& path) const override {
    return path == "/app" ? Kind::kDirectory : FakeSurroundings::kind_of(path);
  }
  std::vector<std::string> glob(const std::string& pattern) const override {
    return pattern == "/app/*.py" ? std::vector<std::string>{"/app/app.py", "/app/old.py"} : std::vector{pattern};
  }
};

std::string said(const std::string& ini) {
  Machine machine;
  machine.files = {{"u.ini", "[uwsgi]\nhttp = :0\n" + ini}, {"/app/app.py", ""}, {"/app/old.py", ""}};
  const auto reading = read_configuration({"--ini", "u.ini"}, machine);
  const auto applied = apply(*reading);
  const auto finding = missing_file(*applied, machine);
  return finding ? finding->line() : "";
}

TEST(UwsgiMissingFile, NamesTheLineAndWhatIsThereInstead) {
  EXPECT_EQ(said("wsgi-file = /app/routes.py\n"),
            "u.ini:3: wsgi-file: there is no file /app/routes.py; what is there: /app/app.py, /app/old.py");
  EXPECT_EQ(said("file = routes.py:app\nchdir = /app\n"),
            "u.ini:3: file: there is no file /app/routes.py; what is there: /app/app.py, /app/old.py");
  EXPECT_EQ(said("wsgi-file = /srv/routes.py\n"),
            "u.ini:3: wsgi-file: there is no file /srv/routes.py, nor a directory /srv");
}

TEST(UwsgiMissingFile, IsQuietAboutOneThatIsThere) {
  EXPECT_EQ(said("wsgi-file = /app/app.py:make()\n"), "");
  EXPECT_EQ(said("wsgi-file = app.py\nchdir = /app\n"), "");
  EXPECT_EQ(said("module = app\n"), "");
}

}  // namespace
}  // namespace tierce::config::uwsgi
