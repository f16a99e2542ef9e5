# What is installed, in components: `program`, `shared-files` (what sites of nginx include, examples), `wsgi-package` (the
# extension's Python half), `extension-3.11` and so on, and `system-files` (man pages, completion), which wheels leave out.
include(GNUInstallDirs)
if(SKBUILD)
  # A wheel: bin/tierce and lib/tierce of the virtual environment, as under any other prefix.
  set(TIERCE_BIN_DIR ${SKBUILD_SCRIPTS_DIR})
  set(TIERCE_LIB_DIR ${SKBUILD_DATA_DIR}/lib/tierce)
  set(TIERCE_SHARE_DIR ${SKBUILD_DATA_DIR}/share/tierce)
else()
  set(TIERCE_BIN_DIR bin)
  set(TIERCE_LIB_DIR lib/tierce)
  set(TIERCE_SHARE_DIR share/tierce)
endif()

install(TARGETS tierce RUNTIME DESTINATION ${TIERCE_BIN_DIR} COMPONENT program)
get_property(extensions GLOBAL PROPERTY TIERCE_EXTENSIONS)
foreach(extension ${extensions})
  get_target_property(component ${extension} TIERCE_COMPONENT)
  install(TARGETS ${extension} LIBRARY DESTINATION ${TIERCE_LIB_DIR}/tierce_wsgi COMPONENT ${component})
endforeach()
install(DIRECTORY src/wsgi/python/ DESTINATION ${TIERCE_LIB_DIR}/tierce_wsgi COMPONENT wsgi-package
        FILES_MATCHING PATTERN "*.py")
install(DIRECTORY share/nginx DESTINATION ${TIERCE_SHARE_DIR} COMPONENT shared-files)
# Debian packages of the libraries that the program is linked with, for images.
install(FILES packaging/image/runtime_packages.txt DESTINATION ${TIERCE_SHARE_DIR} COMPONENT shared-files)
install(DIRECTORY examples DESTINATION ${TIERCE_SHARE_DIR} COMPONENT shared-files
        FILES_MATCHING PATTERN "*" PATTERN "__pycache__" EXCLUDE)
# All that an installation of the default components needs, and no test.
add_custom_target(tierce_installed DEPENDS tierce ${extensions})

if(NOT SKBUILD)
  install(FILES packaging/completions/tierce.bash DESTINATION share/bash-completion/completions RENAME tierce
          COMPONENT system-files)
  install(FILES packaging/completions/_tierce DESTINATION share/zsh/vendor-completions COMPONENT system-files)
  # Made of the commands' own --help (tools/man_pages.py), so there are none where that was not run.
  install(DIRECTORY ${CMAKE_BINARY_DIR}/man/ DESTINATION share/man/man1 COMPONENT system-files OPTIONAL
          FILES_MATCHING PATTERN "*.1.gz")
  include(cmake/debian_package.cmake)
endif()
