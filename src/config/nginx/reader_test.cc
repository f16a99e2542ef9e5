#include "config/nginx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace tierce::config::nginx {
namespace {

using testing::ElementsAre;

// Files by their paths.
using Files = std::map<std::string, std::string>;
Surroundings with(const Files& files) {
  return {.read = [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return fail("2: No such file or directory");
            return found->second;
          },
          .glob =
              [files](const std::string& pattern) {
                std::vector<std::string> paths;
                const std::string before = pattern.substr(0, pattern.find('*'));
                for (const auto& [path, text] : files) {
                  if (path.starts_with(before)) paths.push_back(path);
                }
                return paths;
              }};
}

Result<Configuration> read(const std::string& text, Files files = {}, const std::string& globals = {}) {
  files["/n/nginx.conf"] = text;
  return read_configuration({.path = "/n/nginx.conf", .globals = globals}, with(files));
}
std::string refused(const std::string& text, const Files& files = {}) {
  const auto configuration = read(text, files);
  return configuration ? "" : configuration.error().text();
}

TEST(NginxReader, MakesATreeWithPlaces) {
  const auto read_one = read("user www;\nevents {}\nhttp {\n  server {\n    listen 80 default_server;\n  }\n}\n");
  ASSERT_TRUE(read_one) << read_one.error().text();
  ASSERT_EQ(read_one->nodes.size(), 3u);
  const Node& http = read_one->nodes[2];
  EXPECT_EQ(http.place.line, 3u);
  ASSERT_EQ(http.block.size(), 1u);
  const Node& listen = http.block[0].block.at(0);
  EXPECT_THAT(listen.words, ElementsAre("listen", "80", "default_server"));
  EXPECT_EQ(read_one->where(listen.place), "/n/nginx.conf:5");
  EXPECT_TRUE(read_one->has("user"));
  EXPECT_FALSE(read_one->has("listen"));
}

TEST(NginxReader, TakesFilesIntoTheBlockThatIncludesThem) {
  const auto made =
      read("events {}\nhttp { include conf.d/*.conf; types { include mime; } }",
           {{"/n/conf.d/a.conf", "server {}"}, {"/n/conf.d/b.conf", "\nserver {}"}, {"/n/mime", "text/x x;"}});
  ASSERT_TRUE(made) << made.error().text();
  const Node& http = made->nodes[1];
  ASSERT_EQ(http.block.size(), 3u);
  EXPECT_EQ(made->where(http.block[1].place), "/n/conf.d/b.conf:2");
  EXPECT_EQ(http.block[2].block.at(0).directive, nullptr);
  EXPECT_THAT(http.block[2].block.at(0).words, ElementsAre("text/x", "x"));
}

TEST(NginxReader, NamesTheFileAndTheLineOfAnError) {
  EXPECT_EQ(refused("include a;", {{"/n/a", "\n\npidd x;"}}),
            "unknown directive \"pidd\" (did you mean \"pid\"?) in /n/a:3");
  EXPECT_EQ(refused("include a;"), "open() \"/n/a\" failed (2: No such file or directory) in /n/nginx.conf:1");
  EXPECT_EQ(refused("http { server_name a; }"), "\"server_name\" directive is not allowed here in /n/nginx.conf:1");
  EXPECT_EQ(refused("pid a;\n\npid b;"), "\"pid\" directive is duplicate in /n/nginx.conf:3");
}

TEST(NginxReader, EndsIncludesThatGoInACircle) {
  EXPECT_THAT(refused("include nginx.conf;"), testing::HasSubstr("nested too deeply in /n/nginx.conf:1"));
}

TEST(NginxReader, ReadsDirectivesOfTheCommandLineFirst) {
  const auto made = read("events {}", {}, "daemon off; pid a;");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->nodes.size(), 3u);
  EXPECT_EQ(made->where(made->nodes[0].place), "the command line");
  const auto bad = read("events {}", {}, "daemon off");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().text(), "unexpected end of parameter, expecting \";\" in command line");
}

}  // namespace
}  // namespace tierce::config::nginx
