#!/bin/bash
# Tomcat: configuration and pages below /usr/local/tomcat, as in the image 'tomcat'.
set -e
export CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/usr/local/tomcat
mkdir -p "$CATALINA_BASE"/{conf,logs,temp,work,webapps}
[[ -e $CATALINA_BASE/conf/web.xml ]] || cp /etc/tomcat10/web.xml "$CATALINA_BASE/conf/"
exec "$CATALINA_HOME/bin/catalina.sh" run
