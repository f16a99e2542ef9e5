# `make deb`: the Debian package, of the release build. Its extension is for Debian's own python3.
execute_process(COMMAND /usr/bin/python3 -c "import sys; print('%d.%d' % sys.version_info[:2]); print('%d.%d' % (sys.version_info[0], sys.version_info[1] + 1))"
                OUTPUT_VARIABLE python_versions OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
string(REPLACE "\n" ";" python_versions "${python_versions}")
if(NOT python_versions)
  return()
endif()
list(GET python_versions 0 python_version)
list(GET python_versions 1 python_next)

# Of the package alone: `make install` leaves /etc to its owner, and its program is not the unit's /usr/bin/tierce.
install(FILES packaging/debian/tierce.conf DESTINATION /etc/tierce COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES packaging/debian/tierce.service DESTINATION lib/systemd/system COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES packaging/debian/copyright DESTINATION share/doc/tierce COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${CMAKE_BINARY_DIR}/changelog.gz DESTINATION share/doc/tierce COMPONENT debian OPTIONAL EXCLUDE_FROM_ALL)
install(FILES CHANGELOG.md DESTINATION share/doc/tierce COMPONENT debian EXCLUDE_FROM_ALL)
install(DIRECTORY docs/ DESTINATION share/doc/tierce COMPONENT debian EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.md")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tierce)
set(CPACK_PACKAGE_CONTACT "The tierce developers <developers@tierce.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Python web applications from the open socket to WSGI")
set(CPACK_PACKAGE_DESCRIPTION "One program that takes a Python web application from an open socket to
its business logic and back. It plays nginx, uWSGI or Gunicorn, and
supervisord, together or alone, and reads nginx.conf, uwsgi.ini,
gunicorn.conf.py and supervisord.conf.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "python3 (>= ${python_version}), python3 (<< ${python_next})")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "supervisor, python3-flask, python3-django")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/packaging/debian/conffiles;${CMAKE_SOURCE_DIR}/packaging/debian/postinst;${CMAKE_SOURCE_DIR}/packaging/debian/prerm;${CMAKE_SOURCE_DIR}/packaging/debian/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_COMPONENTS_ALL program shared-files wsgi-package extension-${python_version} system-files debian)
set(CPACK_SOURCE_GENERATOR "")
include(CPack)
