#include "check/dockerfile.h"

#include <gtest/gtest.h>

namespace tierce::check {
namespace {

using Words = std::vector<std::string>;

TEST(Dockerfile, SaysWhatIsCopiedWhere) {
  const Dockerfile docker = read_dockerfile(
      "FROM python:3.11  \n"
      "# COPY nothing /\n"
      "RUN apt-get update \\\n"
      "  # a comment between\n"
      "  && true\n"
      "COPY --chown=www-data src/ /app/\n"
      "WORKDIR /app\n"
      "copy a b conf/\n"
      "COPY [\"with blank\", \"./\"]\n"
      "ADD https://example.com/x /x\n");
  ASSERT_EQ(docker.copies.size(), 4u);
  EXPECT_EQ(docker.copies[0].sources, Words{"src/"});
  EXPECT_EQ(docker.copies[0].destination, "/app/");
  EXPECT_EQ(docker.copies[0].line, 6);
  EXPECT_EQ(docker.copies[1].sources, (Words{"a", "b"}));
  EXPECT_EQ(docker.copies[1].destination, "/app/conf/");
  EXPECT_EQ(docker.copies[2].sources, Words{"with blank"});
  EXPECT_EQ(docker.copies[2].destination, "/app/");
  EXPECT_TRUE(docker.copies[3].sources.empty());
  EXPECT_EQ(docker.directory, "/app");
}

TEST(Dockerfile, ListsOverSeveralLinesAreReadAndMarked) {
  const Dockerfile broken = read_dockerfile("FROM x\nCMD [\n\"supervisord\",\n\"-n\"\n]\n");
  EXPECT_EQ(broken.command, (Words{"supervisord", "-n"}));
  EXPECT_EQ(broken.command_line, 2);
  EXPECT_TRUE(broken.command_broken);
  const Dockerfile sound = read_dockerfile("FROM x\nCMD [ \\\n\"supervisord\", \\\n\"-n\" ]\n");
  EXPECT_EQ(sound.command, (Words{"supervisord", "-n"}));
  EXPECT_FALSE(sound.command_broken);
}

TEST(Dockerfile, TheLastStageAndWhatItIsMadeFromCount) {
  const Dockerfile docker = read_dockerfile(
      "FROM a AS base\nCOPY one /one\nFROM b AS build\nCOPY two /two\nCMD wrong\n"
      "FROM base\nCOPY --from=build /two /three\nENTRYPOINT [\"uwsgi\"]\nCMD [\"--ini\", \"x.ini\"]\n");
  ASSERT_EQ(docker.copies.size(), 1u);
  EXPECT_EQ(docker.copies[0].destination, "/one");
  EXPECT_EQ(docker.command, (Words{"uwsgi", "--ini", "x.ini"}));
  EXPECT_EQ(read_dockerfile("FROM x\nCMD a && b\n").command, (Words{"/bin/sh", "-c", "a && b"}));
}

TEST(Dockerfile, SeesThroughWhatOnlyStartsTheCommand) {
  for (const char* command : {"uwsgi --ini x", "exec uwsgi --ini x", "[\"sh\", \"-c\", \"exec uwsgi --ini x\"]",
                              "[\"tini\", \"-g\", \"--\", \"uwsgi\", \"--ini\", \"x\"]"})
    EXPECT_EQ(read_dockerfile(std::string("FROM x\nCMD ") + command).command, (Words{"uwsgi", "--ini", "x"}))
        << command;
  EXPECT_EQ(read_dockerfile("FROM x\nENTRYPOINT [\"/usr/bin/tini\", \"--\"]\nCMD [\"nginx\"]\n").command,
            (Words{"nginx"}));
}

}  // namespace
}  // namespace tierce::check
