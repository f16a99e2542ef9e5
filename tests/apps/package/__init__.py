from specs import saying

application = saying("package")
