// Options that are the language itself: reader.cc acts on them, apply() has nothing to do.
#include <array>

#include "config/uwsgi/option.h"

namespace tierce::config::uwsgi {
namespace {

constexpr std::array kLists = {
    Listed{Answer::kLanguage, "Loads an ini file.", "ini= include= inherit= config="},
    Listed{Answer::kLanguage, "Only ini files are read: the server does not start.",
           "xml= xmlconfig>xml yaml= yml>yaml json= js>json"},
    Listed{Answer::kLanguage, "Gives a name a value.", "set~ set-placeholder~ set-ph>set-placeholder"},
    Listed{Answer::kLanguage, "Begins a block that is read under a condition.",
           "if-opt= if-not-opt= if-env= if-not-env= ifenv>if-env if-hostname= if-not-hostname= if-exists= "
           "if-not-exists= ifexists>if-exists if-plugin= if-not-plugin= ifplugin>if-plugin if-file= if-not-file= "
           "if-dir= if-not-dir= ifdir>if-dir if-directory>if-dir if-reload if-not-reload"},
    Listed{Answer::kLanguage, "Begins a block that is read once for each item.",
           "for= for-glob= for-times= for-readline="},
    Listed{Answer::kLanguage, "Ends or turns a block.", "endif? end-if>endif endfor? end-for>endfor else?"},
    Listed{Answer::kLanguage, "Says something at the start.", "print= get= show-config help usage>help version"},
    Listed{Answer::kLanguage, "Ends when the configuration is read and printed, with this exit code.", "exit?"},
    Listed{Answer::kLanguage, "What is unknown or not supported is an error.", "strict"},
};

}  // namespace

Family language_options() { return {{}, kLists}; }

}  // namespace tierce::config::uwsgi
