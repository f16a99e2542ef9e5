#include "check/flask_names.h"

#include <gtest/gtest.h>

namespace tierce::check {
namespace {

TEST(FlaskNames, FindsADecoratorThatFlaskDoesNotHave) {
  const auto found =
      wrong_decorators("from flask import Flask\n\napp = Flask(__name__)  \n\n@app.routes(\"/\")\ndef f(): pass\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].line, 5);
  EXPECT_EQ(found[0].attribute, "routes");
  EXPECT_EQ(found[0].near, "route");
}

TEST(FlaskNames, FindsThemInFactoriesAndOfBlueprints) {
  const auto found = wrong_decorators(
      "from flask import Flask, Blueprint\nbp = Blueprint('b', __name__)\n@bp.rout('/')\ndef f(): pass\n"
      "@bp.before_app_request\ndef g(): pass\ndef create_app():\n    app = Flask(__name__)\n"
      "    @app.routes('/')\n    def f(): pass\n    return app\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].kind, "Blueprint");
  EXPECT_EQ(found[0].line, 3);
  EXPECT_EQ(found[1].kind, "Flask");
  EXPECT_EQ(found[1].line, 9);
  EXPECT_TRUE(wrong_decorators("from flask import Flask\napp = Flask(__name__)\ndef f(x):\n    app = x.made()\n"
                               "    @app.routes('/')\n    def g(): pass\n")
                  .empty());
}

TEST(FlaskNames, SaysNothingOfWhatMayBeRight) {
  const std::string head = "from flask import Flask\napp = Flask(__name__)\n";
  for (const char* text : {"@app.route('/')\n", "@app.before_request\n", "@app.cli.command()\n", "@app.task\n",
                           "@other.routes('/')\n", "app.routes = print\n@app.routes('/')\n",
                           "x = '''\n@app.routes('/')\n'''\n", "\"\"\"doc\n@app.routes\n\"\"\"\n"}) {
    EXPECT_TRUE(wrong_decorators(head + text).empty()) << text;
  }
  EXPECT_TRUE(wrong_decorators("app = Flask(__name__)\n@app.routes('/')\n").empty());
  EXPECT_TRUE(wrong_decorators("from flask import Flask\napp = create_app()\n@app.routes('/')\n").empty());
}

}  // namespace
}  // namespace tierce::check
