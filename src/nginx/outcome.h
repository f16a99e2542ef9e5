// What a step on the way of a request decides: a status to answer with, or one of these.
#pragma once

namespace tierce::nginx {

enum Outcome : int {
  kNext = 0,              // The next step decides.
  kRestart = -1,          // The path has changed: everything again, beginning with the server's instructions.
  kRestartLocation = -2,  // The location has been set: its instructions, and what follows.
  kSend = -3,             // The response is made and has to be sent.
  kDone = -4,             // It has been sent, or there is nobody to send it to.
  kClose = -5,            // The connection ends without a word (444).
};

}  // namespace tierce::nginx
